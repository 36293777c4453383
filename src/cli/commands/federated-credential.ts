import type { JsonReader } from '../../client/json-reader.ts';
import { resolveApplication } from '../application-name.ts';
import {
  type Command,
  CommandError,
  type CommandInput,
  dataOption,
  defaultDataFolder,
  optionText,
} from '../command.ts';
import { openDeployment } from '../deployment.ts';

const verbs = ['create', 'list', 'delete'] as const;
const defaultAudience = 'api://AzureADTokenExchange';

/** Which tokens of other issuers open an application, through Graph. */
export const federatedCredential: Command = {
  name: 'federated-credential',
  summary: "create, list or delete an application's federated credentials",
  arguments: [
    { name: '<create|list|delete>', summary: 'what to do' },
    { name: '[name]', summary: "the credential's name" },
  ],
  options: [
    { flags: '--app <name>', summary: 'the application: its name, client id or object id' },
    { flags: '--issuer <url>', summary: 'create: who signs the tokens, letter for letter' },
    { flags: '--subject <text>', summary: 'create: whom they are about, letter for letter' },
    { flags: '--audience <uri>', summary: 'create: whom they are for', default: defaultAudience },
    dataOption,
  ],
  details: `innate federated-credential create main --app deploy --issuer https://token.actions.githubusercontent.com \\
  --subject repo:contoso/orders:ref:refs/heads/main`,
  async run(input, context) {
    const [claimedVerb = '', name] = input.words;
    const verb = verbs.find((known) => known === claimedVerb);
    if (verb === undefined) {
      throw new CommandError(
        `innate federated-credential knows ${verbs.join(', ')}, not '${claimedVerb}'`,
        2,
      );
    }
    const application = needed(input, 'app');
    if (verb !== 'list' && name === undefined) {
      throw new CommandError(`innate federated-credential ${verb} needs the credential's name`, 2);
    }
    const facts =
      verb === 'create' ? { issuer: needed(input, 'issuer'), subject: needed(input, 'subject') } : undefined;
    using deployment = openDeployment(optionText(input, 'data') ?? defaultDataFolder, context.clock);
    const { directory } = deployment;
    const id = (await resolveApplication(directory, application)).string('id');
    const path = ['applications', id, 'federatedIdentityCredentials'];
    if (facts !== undefined) {
      await directory.post(path, {
        name,
        ...facts,
        audiences: [optionText(input, 'audience') ?? defaultAudience],
      });
      context.output.result(`tokens of ${facts.issuer} about ${facts.subject} open ${application}`);
    } else if (verb === 'delete' && name !== undefined) {
      await directory.delete([...path, name]);
      context.output.result(`${name} is deleted`);
    } else {
      const found = await directory.list(path);
      context.output.result(found.length === 0 ? 'no federated credentials' : found.map(describe).join('\n'));
    }
    return 0;
  },
};

function needed(input: CommandInput, name: string): string {
  const text = optionText(input, name);
  if (text === undefined) throw new CommandError(`innate federated-credential needs --${name}`, 2);
  return text;
}

/** One line: name, issuer, subject. */
function describe(credential: JsonReader): string {
  return `${credential.string('name')}  issuer ${credential.string('issuer')}  subject ${credential.optionalString('subject') ?? 'by expression'}`;
}
