import { readFile } from 'node:fs/promises';
import type { JsonReader } from '../../client/json-reader.ts';
import { resolveApplication } from '../application-name.ts';
import { type Command, CommandError, type CommandInput, dataOption, optionText, verbOf } from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { resolveResource } from '../resource-name.ts';

const verbs = ['create', 'list', 'delete'] as const;
const defaultAudience = 'api://AzureADTokenExchange';
const armVersion = '2024-11-30';

/** Which tokens of other issuers open an application (through Graph) or a user-assigned identity (through ARM). */
export const federatedCredential: Command = {
  name: 'federated-credential',
  summary: 'create, list or delete the federated credentials of an application or identity',
  arguments: [
    { name: '<create|list|delete>', summary: 'what to do' },
    { name: '[name]', summary: "the credential's name" },
  ],
  options: [
    { flags: '--app <name>', summary: 'the application: its name, client id or object id' },
    { flags: '--identity <name>', summary: 'or the user-assigned identity: its name, GROUP/NAME or id' },
    { flags: '--issuer <url>', summary: 'create: who signs the tokens, letter for letter' },
    { flags: '--subject <text>', summary: 'create: whom they are about, letter for letter' },
    { flags: '--audience <uri>', summary: 'create: whom they are for', default: defaultAudience },
    {
      flags: '--keys <file>',
      summary: "create: the issuer's key set (JSON), where it cannot be fetched",
    },
    {
      flags: '--authority <file>',
      summary: "create: the certificate authority of the issuer's site (PEM), where it is no public one",
    },
    dataOption,
  ],
  details: `innate federated-credential create main --app deploy --issuer https://token.actions.githubusercontent.com \\
  --subject repo:contoso/orders:ref:refs/heads/main

kubectl get --raw /openid/v1/jwks > keys.json
innate federated-credential create cluster --identity orders-api --issuer https://kubernetes.default.svc.cluster.local \\
  --subject system:serviceaccount:orders:api --keys keys.json`,
  async run(input, context) {
    const [claimedVerb, name] = input.words;
    const verb = verbOf('federated-credential', verbs, claimedVerb);
    const owner = ownerOf(input);
    if (verb !== 'list' && name === undefined) {
      throw new CommandError(`innate federated-credential ${verb} needs the credential's name`, 2);
    }
    const facts = verb === 'create' ? await readFacts(input) : undefined;
    using deployment = openDeployment(input, context.clock);
    const credentials = await openCredentials(deployment, owner);
    if (facts !== undefined && name !== undefined) {
      await credentials.create(name, facts);
      context.output.result(`tokens of ${facts.issuer} about ${facts.subject} open ${owner.text}`);
    } else if (verb === 'delete' && name !== undefined) {
      await credentials.delete(name);
      context.output.result(`${name} is deleted`);
    } else {
      const lines = await credentials.list();
      context.output.result(lines.length === 0 ? 'no federated credentials' : lines.join('\n'));
    }
    return 0;
  },
};

interface Owner {
  readonly kind: 'application' | 'identity';
  /** As the user named it. */
  readonly text: string;
}

function ownerOf(input: CommandInput): Owner {
  const application = optionText(input, 'app');
  const identity = optionText(input, 'identity');
  if (application !== undefined && identity === undefined) return { kind: 'application', text: application };
  if (identity !== undefined && application === undefined) return { kind: 'identity', text: identity };
  throw new CommandError('innate federated-credential needs --app or --identity, and not both', 2);
}

interface Facts {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly innateTrust?: object;
}

async function readFacts(input: CommandInput): Promise<Facts> {
  const issuer = needed(input, 'issuer');
  const subject = needed(input, 'subject');
  const audiences = [optionText(input, 'audience') ?? defaultAudience];
  const [keys, authority] = [optionText(input, 'keys'), optionText(input, 'authority')];
  if (keys !== undefined && authority !== undefined) {
    throw new CommandError('an issuer is trusted by --keys or by --authority, not by both', 2);
  }
  if (keys !== undefined) return { issuer, subject, audiences, innateTrust: await readKeys(keys) };
  if (authority === undefined) return { issuer, subject, audiences };
  return { issuer, subject, audiences, innateTrust: { certificateAuthorities: await readText(authority) } };
}

/** Of a key set only the keys: other members would be refused or dropped. */
async function readKeys(file: string): Promise<object> {
  const text = await readText(file);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new CommandError(`'${file}' is no JSON`);
  }
  const keys = (content as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new CommandError(`'${file}' is no key set: it has no member 'keys'`);
  return { keys };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandError(`'${file}' cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** The credentials of one application or identity. */
interface Credentials {
  create(name: string, facts: Facts): Promise<void>;
  delete(name: string): Promise<void>;
  /** One line each: name, issuer, subject. */
  list(): Promise<readonly string[]>;
}

async function openCredentials(
  { directory, resources }: Deployment,
  { kind, text }: Owner,
): Promise<Credentials> {
  if (kind === 'application') {
    const id = (await resolveApplication(directory, text)).string('id');
    const path = ['applications', id, 'federatedIdentityCredentials'];
    return {
      create: async (name, facts) => void (await directory.post(path, { name, ...facts })),
      delete: (name) => directory.delete([...path, name]),
      list: async () => (await directory.list(path)).map((credential) => describe(credential, credential)),
    };
  }
  const path = `${await resolveResource(resources, text)}/federatedIdentityCredentials`;
  return {
    create: async (name, facts) =>
      void (await resources.put(`${path}/${name}`, armVersion, { properties: facts })),
    delete: (name) => resources.delete(`${path}/${name}`, armVersion),
    list: async () =>
      (await resources.list(path, armVersion)).map((credential) =>
        describe(credential, credential.object('properties')),
      ),
  };
}

function needed(input: CommandInput, name: string): string {
  const text = optionText(input, name);
  if (text === undefined) throw new CommandError(`innate federated-credential needs --${name}`, 2);
  return text;
}

function describe(credential: JsonReader, facts: JsonReader): string {
  const subject = facts.optionalString('subject') ?? 'by expression';
  return `${credential.string('name')}  issuer ${facts.string('issuer')}  subject ${subject}`;
}
