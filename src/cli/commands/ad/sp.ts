import type { JsonReader } from '../../../client/json-reader.ts';
import { resolveServicePrincipal } from '../../application-name.ts';
import { type Command, CommandError, dataOption, optionText, verbOf } from '../../command.ts';
import { openDeployment } from '../../deployment.ts';

const verbs = ['list', 'show'] as const;

/** Service principals, of applications and of managed identities, through Graph. */
export const sp: Command = {
  name: 'sp',
  summary: 'list or show service principals, managed identities among them',
  arguments: [
    { name: '<list|show>', summary: 'what to do' },
    { name: '[name]', summary: 'its name, client id, object id, or application ID URI' },
  ],
  options: [
    {
      flags: '--type <type>',
      summary: 'list: only those of this type',
      choices: ['Application', 'ManagedIdentity'],
    },
    dataOption,
  ],
  async run(input, context) {
    const [claimedVerb, name] = input.words;
    const verb = verbOf('ad sp', verbs, claimedVerb);
    if (verb === 'show' && name === undefined) throw new CommandError('innate ad sp show needs a name', 2);
    using deployment = openDeployment(input, context.clock);
    const { directory } = deployment;
    if (name !== undefined && verb === 'show') {
      context.output.result(describe(await resolveServicePrincipal(directory, name)));
      return 0;
    }
    const type = optionText(input, 'type');
    const filter = type === undefined ? {} : { filter: `servicePrincipalType eq '${type}'` };
    const found = await directory.list(['servicePrincipals'], filter);
    context.output.result(found.length === 0 ? 'no service principals' : found.map(describe).join('\n'));
    return 0;
  },
};

/** One line: name, type, client id, object id. */
function describe(principal: JsonReader): string {
  const words = ['displayName', 'servicePrincipalType', 'appId', 'id'].map((name) => principal.string(name));
  return `${words[0]}  ${words[1]}  client ${words[2]}  object ${words[3]}`;
}
