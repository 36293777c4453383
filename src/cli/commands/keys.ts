import type { JsonReader } from '../../client/json-reader.ts';
import type { ResourceManagerClient } from '../../client/resource-manager-client.ts';
import { type Command, CommandError, dataOption, verbOf } from '../command.ts';
import { openDeployment } from '../deployment.ts';

const apiVersion = '2026-11-01';
const provider = '/providers/Innate.Tokens';
const collection = `${provider}/signingKeys`;
const verbs = ['list', 'rotate', 'revoke'] as const;
type Verb = (typeof verbs)[number];
/** Characters of a key id that stand for it where no other begins so. */
const shortest = 6;

/** The keys that sign the tenant's tokens, through the public API. */
export const keys: Command = {
  name: 'keys',
  summary: 'list, rotate or revoke the keys that sign tokens',
  arguments: [
    { name: '<list|rotate|revoke>', summary: 'what to do' },
    { name: '[kid]', summary: `for revoke: the key id, or its first ${shortest} or more characters` },
  ],
  options: [dataOption],
  details: `innate keys rotate          the announced key signs at once; tokens of the old one stay valid
innate keys revoke KID      every token that the key signed is refused at once; programs ask for new ones`,
  async run(input, context) {
    const [claimedVerb, kid] = input.words;
    const verb = verbOf('keys', verbs, claimedVerb);
    using deployment = openDeployment(input, context.clock);
    context.output.result(await perform(verb, kid, deployment.resources));
    return 0;
  },
};

async function perform(
  verb: Verb,
  kid: string | undefined,
  resources: ResourceManagerClient,
): Promise<string> {
  if (verb !== 'revoke') {
    if (kid !== undefined) throw new CommandError(`innate keys ${verb} takes no key id`, 2);
    return verb === 'list'
      ? table(await resources.list(collection, apiVersion))
      : await change(`${provider}/rotateSigningKeys`, resources);
  }
  if (kid === undefined) throw new CommandError('innate keys revoke needs the id of a key', 2);
  const known = await resources.list(collection, apiVersion);
  const chosen = choose(
    known.map((key) => key.string('name')),
    kid,
  );
  return await change(`${collection}/${chosen}/revoke`, resources);
}

/** The answer tells of every key: the token of this command may be of the key that is revoked. */
async function change(path: string, resources: ResourceManagerClient): Promise<string> {
  const answer = await resources.post(path, apiVersion);
  return table(answer?.list('value', (key) => key) ?? []);
}

function choose(kids: readonly string[], wanted: string): string {
  if (kids.includes(wanted)) return wanted;
  const found = wanted.length < shortest ? [] : kids.filter((kid) => kid.startsWith(wanted));
  const [only, ...others] = found;
  if (only === undefined) {
    throw new CommandError(`there is no signing key '${wanted}' (innate keys list shows them)`);
  }
  if (others.length > 0)
    throw new CommandError(`several signing keys begin with '${wanted}'; give more of it`);
  return only;
}

/** One line a key, the newest last. */
function table(list: readonly JsonReader[]): string {
  const rows = [
    ['KEY', 'STATE', 'ALGORITHM', 'ANNOUNCED', 'SIGNS SINCE', 'ENDED'],
    ...list.map((key) => {
      const properties = key.object('properties');
      return [
        key.string('name'),
        properties.string('state'),
        properties.string('algorithm'),
        ...['announcedOn', 'activatedOn', 'retiredOn'].map((name) => time(properties.optionalString(name))),
      ];
    }),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** To the second, UTC. */
function time(text: string | null): string {
  return text === null ? '-' : `${text.slice(0, 19).replace('T', ' ')}Z`;
}
