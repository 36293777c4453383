import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  optionText,
} from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { factsOptions, readFacts } from '../federated-facts.ts';
import { identityKind } from '../resources/identity-kind.ts';
import { flattened } from '../resources/resource-kind.ts';
import { groupOption, nameIn, nameOption, placeOptions, yesOption } from '../resources/resource-options.ts';
import { requireResource, segment, targetNamed } from '../resources/resource-target.ts';

const noun = 'federated credential';
const { apiVersion } = identityKind;
const ownerOptions = [
  {
    flags: '--identity-name <name>',
    summary: 'the user-assigned identity: its name, GROUP/NAME or id',
    names: identityKind,
  },
  groupOption,
];
const word = { name: '[name]', summary: "the credential's name" };
const columns: Columns = {
  name: (credential) => credential.string('name'),
  issuer: (credential) => credential.string('issuer'),
  subject: (credential) => credential.optionalString('subject') ?? 'by expression',
};

/** `create` and `update` are one PUT; the one refuses to change what is there, the other to make what is not. */
const write = (name: 'create' | 'update'): AnsweringCommand => ({
  name,
  summary: `${name === 'create' ? 'let' : 'change which'} tokens of another issuer open an identity`,
  arguments: [word],
  options: [nameOption, ...ownerOptions, ...factsOptions, ...placeOptions],
  async answer(input, { clock }) {
    const facts = await readFacts(input);
    using deployment = openDeployment(input, clock);
    const id = await credentialIn(input, deployment);
    const found = await deployment.resources.get(id, apiVersion);
    if (name === 'create' && found !== undefined) {
      throw new CommandError(
        `${id.split('/').at(-1)} already exists: innate identity federated-credential update changes it`,
      );
    }
    if (name === 'update' && found === undefined) await requireResource(deployment, id, { apiVersion, noun });
    const made = await deployment.resources.put(id, apiVersion, { properties: facts });
    return { data: flattened(made), columns };
  },
});

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list the federated credentials of an identity',
  options: [...ownerOptions, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.resources.list(await collectionIn(input, deployment), apiVersion);
    return { data: found.map(flattened), columns, nothing: 'no federated credentials' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a federated credential of an identity',
  arguments: [word],
  options: [nameOption, ...ownerOptions, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const id = await credentialIn(input, deployment);
    return { data: flattened(await requireResource(deployment, id, { apiVersion, noun })), columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'let tokens of another issuer open an identity no more',
  arguments: [word],
  options: [nameOption, ...ownerOptions, yesOption, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const id = await credentialIn(input, deployment);
    await deployment.resources.delete(id, apiVersion);
    return { said: `${id.split('/').at(-1)} is deleted` };
  },
};

/** Which tokens of other issuers open a user-assigned identity. */
export const identityFederatedCredential: CommandGroup = {
  name: 'federated-credential',
  summary: 'which tokens of other issuers open an identity',
  commands: [write('create'), list, show, write('update'), remove],
  details: `kubectl get --raw /openid/v1/jwks > keys.json
innate identity federated-credential create -n cluster --identity-name orders-api -g demo --keys keys.json \\
  --issuer https://kubernetes.default.svc.cluster.local --subject system:serviceaccount:orders:api`,
};

async function collectionIn(input: CommandInput, deployment: Deployment): Promise<string> {
  const owner = optionText(input, 'identityName');
  if (owner === undefined) throw new CommandError('say which identity: --identity-name NAME', 2);
  return `${await targetNamed(owner, input, deployment, identityKind)}/federatedIdentityCredentials`;
}

async function credentialIn(input: CommandInput, deployment: Deployment): Promise<string> {
  const name = nameIn(input);
  if (name === undefined) throw new CommandError("say the credential's name: -n NAME", 2);
  return `${await collectionIn(input, deployment)}/${segment(name)}`;
}
