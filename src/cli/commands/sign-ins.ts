import type { JsonReader } from '../../client/json-reader.ts';
import { type AnsweringCommand, type Columns, dataOption, optionText } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { logOptions, objectIdOf, readExtent, readLog, shortTime } from '../log-listing.ts';

const kinds = ['managedIdentity', 'servicePrincipal', 'interactiveUser', 'nonInteractiveUser'];

/** The sign-in log, through Graph: each token issued or refused. */
export const signIns: AnsweringCommand = {
  name: 'sign-ins',
  summary: 'show who asked for tokens, for what, and how it ended',
  options: [
    { flags: '--kind <kind>', summary: 'only those of this kind', choices: kinds },
    { flags: '--principal <who>', summary: 'only those of an identity, an application or a person' },
    { flags: '--failed', summary: 'only those that got no token' },
    ...logOptions,
    dataOption,
  ],
  details: `innate sign-ins --kind managedIdentity --since 1h
innate sign-ins --principal vm1
innate sign-ins --failed --output json`,
  async answer(input, context) {
    const { since, top } = readExtent(input, context.clock);
    using deployment = openDeployment(input, context.clock);
    const { directory } = deployment;
    const who = optionText(input, 'principal');
    const kind = optionText(input, 'kind');
    const wanted = kind === undefined ? kinds : [kind];
    const found = await readLog(
      directory,
      ['auditLogs', 'signIns'],
      [
        `signInEventTypes/any(t: ${wanted.map((one) => `t eq '${one}'`).join(' or ')})`,
        // of a person it is the same property
        who === undefined ? undefined : `servicePrincipalId eq '${await objectIdOf(who, directory)}'`,
        input.options['failed'] === true ? 'status/errorCode ne 0' : undefined,
        since === undefined ? undefined : `createdDateTime ge ${since}`,
      ],
      top,
    );
    return { data: found.map((entry) => entry.whole()), columns, nothing: 'no sign-ins' };
  },
};

const columns: Columns = {
  when: (entry: JsonReader) => shortTime(entry.string('createdDateTime')),
  who: (entry: JsonReader) => firstOf(entry, 'userPrincipalName', 'servicePrincipalName', 'appId'),
  resource: (entry: JsonReader) => firstOf(entry, 'resourceDisplayName', 'resourceId'),
  by: (entry: JsonReader) => firstOf(entry, 'clientCredentialType'),
  from: (entry: JsonReader) => firstOf(entry, 'ipAddress'),
  correlation: (entry: JsonReader) => firstOf(entry, 'correlationId'),
  outcome: outcomeOf,
};

function firstOf(entry: JsonReader, ...names: readonly string[]): string {
  return names.map((name) => entry.optionalString(name)).find((value) => value !== null) ?? '';
}

function outcomeOf(entry: JsonReader): string {
  const status = entry.object('status');
  const code = status.number('errorCode');
  if (code === 0) return 'token';
  const reason = (status.optionalString('failureReason') ?? '').replace(/^AADSTS\d+: ?/, '');
  return `AADSTS${code} ${reason}`.trim();
}
