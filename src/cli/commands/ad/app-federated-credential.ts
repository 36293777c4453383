import { resolveApplication } from '../../application-name.ts';
import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  type CommandOption,
  dataOption,
  optionText,
} from '../../command.ts';
import { type Deployment, openDeployment } from '../../deployment.ts';
import { factsOptions, readFacts } from '../../federated-facts.ts';
import { answered, requireName } from './directory-object.ts';

const ownerOption: CommandOption = {
  flags: '--id <application>',
  summary: 'the application: its name, client id, object id or identifier',
};
const nameOption: CommandOption = { flags: '-n, --name <name>', summary: "the credential's name" };
const word = { name: '[name]', summary: 'the same' };
const columns: Columns = {
  name: (one) => one.string('name'),
  issuer: (one) => one.string('issuer'),
  subject: (one) => one.optionalString('subject') ?? 'by expression',
};

const create: AnsweringCommand = {
  name: 'create',
  summary: 'let tokens of another issuer open an application',
  arguments: [word],
  options: [ownerOption, nameOption, ...factsOptions, dataOption],
  async answer(input, { clock }) {
    const name = requireName(input, 'name', 'the credential is called');
    const facts = await readFacts(input);
    using deployment = openDeployment(input, clock);
    const path = await collectionIn(input, deployment);
    return { data: answered(await deployment.directory.post(path, { name, ...facts })).whole(), columns };
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list the federated credentials of an application',
  options: [ownerOption, dataOption],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.directory.list(await collectionIn(input, deployment));
    return { data: found.map((one) => one.whole()), columns, nothing: 'no federated credentials' };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'let tokens of another issuer open an application no more',
  arguments: [word],
  options: [ownerOption, nameOption, dataOption],
  async answer(input, { clock }) {
    const name = requireName(input, 'name', 'the credential is called');
    using deployment = openDeployment(input, clock);
    await deployment.directory.delete([...(await collectionIn(input, deployment)), name]);
    return { said: `${name} is deleted` };
  },
};

/** Which tokens of other issuers open an application. */
export const appFederatedCredential: CommandGroup = {
  name: 'federated-credential',
  summary: 'which tokens of other issuers open an application',
  commands: [create, list, remove],
  details: `innate ad app federated-credential create -n main --id deploy --issuer https://token.actions.githubusercontent.com \\
  --subject repo:contoso/orders:ref:refs/heads/main`,
};

async function collectionIn(input: CommandInput, { directory }: Deployment): Promise<readonly string[]> {
  const owner = optionText(input, 'id');
  if (owner === undefined) throw new CommandError('say which application: --id', 2);
  const id = (await resolveApplication(directory, owner)).string('id');
  return ['applications', id, 'federatedIdentityCredentials'];
}
