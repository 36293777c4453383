import { type GraphClient, odataText } from '../../client/graph-client.ts';
import type { JsonReader } from '../../client/json-reader.ts';
import { isGuid } from '../../foundation/ids.ts';
import { type AnsweringCommand, type Columns, CommandError, dataOption, optionText } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { logOptions, objectIdOf, readExtent, readLog, shortTime } from '../log-listing.ts';

const mostOfOneName = 20;

/** The directory audits, through Graph: each change of the directory. */
export const audits: AnsweringCommand = {
  name: 'audits',
  summary: 'show who changed what in the directory',
  options: [
    { flags: '--activity <name>', summary: "only this activity, such as 'Add application'" },
    { flags: '--target <what>', summary: 'only changes of this object: its id or name' },
    ...logOptions,
    dataOption,
  ],
  details: `innate audits --since 1d
innate audits --target orders-api
innate audits --activity 'Revoke signing key' --output json`,
  async answer(input, context) {
    const { since, top } = readExtent(input, context.clock);
    using deployment = openDeployment(input, context.clock);
    const { directory } = deployment;
    const target = optionText(input, 'target');
    const activity = optionText(input, 'activity');
    const found = await readLog(
      directory,
      ['auditLogs', 'directoryAudits'],
      [
        target === undefined ? undefined : isOneOf(await objectsNamed(target, directory)),
        activity === undefined ? undefined : `activityDisplayName eq ${odataText(activity)}`,
        since === undefined ? undefined : `activityDateTime ge ${since}`,
      ],
      top,
    );
    return { data: found.map((entry) => entry.whole()), columns, nothing: 'no changes' };
  },
};

function isOneOf(ids: readonly string[]): string {
  return `(${ids.map((id) => `targetResources/any(t: t/id eq '${id}')`).join(' or ')})`;
}

/** Every object of a name: an application and its service principal have one in common. */
async function objectsNamed(name: string, directory: GraphClient): Promise<readonly string[]> {
  if (name.includes('@')) return [await objectIdOf(name, directory)];
  const filter = isGuid(name) ? `appId eq ${odataText(name)}` : `displayName eq ${odataText(name)}`;
  const collections = ['applications', 'servicePrincipals', ...(isGuid(name) ? [] : ['groups'])];
  const ids = isGuid(name) ? [name] : [];
  for (const collection of collections) {
    const found = await directory.list([collection], { filter }, mostOfOneName);
    ids.push(...found.map((object) => object.string('id')));
  }
  if (ids.length === 0)
    throw new CommandError(`there is no object '${name}'; one that is deleted has its id`);
  return ids;
}

const columns: Columns = {
  when: (entry: JsonReader) => shortTime(entry.string('activityDateTime')),
  activity: (entry: JsonReader) => entry.string('activityDisplayName'),
  of: (entry: JsonReader) =>
    entry
      .list('targetResources', (one) => one.optionalString('displayName') ?? one.optionalString('id') ?? '-')
      .join(', '),
  by: initiatorOf,
  correlation: (entry: JsonReader) => entry.optionalString('correlationId') ?? '',
  set: membersSet,
};

/** Names of members that got another value; of what is gone, none. */
function membersSet(entry: JsonReader): string {
  if (entry.optionalString('operationType') === 'Delete') return '';
  const names = entry.list('targetResources', (one) => one.list('modifiedProperties', nameOfProperty)).flat();
  return [...new Set(names)].filter((name) => name !== 'Included Updated Properties').join(', ');
}

function nameOfProperty(property: JsonReader): string {
  return property.string('displayName');
}

function initiatorOf(entry: JsonReader): string {
  const by = entry.object('initiatedBy');
  const user = by.optionalObject('user');
  if (user !== undefined) return user.optionalString('userPrincipalName') ?? user.optionalString('id') ?? '';
  const app = by.optionalObject('app');
  return app?.optionalString('displayName') ?? app?.optionalString('servicePrincipalId') ?? '';
}
