import { readFileSync } from 'node:fs';
import type { JsonReader } from '../../../client/json-reader.ts';
import { UnexpectedAnswer } from '../../../client/json-reader.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { resolveApplication } from '../../application-name.ts';
import {
  type Command,
  CommandError,
  type CommandInput,
  dataOption,
  optionText,
  verbOf,
} from '../../command.ts';
import { type Deployment, openDeployment } from '../../deployment.ts';

const verbs = ['create', 'list', 'show', 'delete', 'credential'] as const;
type Verb = (typeof verbs)[number];
const longestCertificate = 65_536;
const day = 86_400_000;

/** Applications with their service principals and credentials, through Graph. */
export const app: Command = {
  name: 'app',
  summary: 'create, list, show or delete applications, and give them credentials',
  arguments: [
    { name: '<create|list|show|delete|credential>', summary: 'what to do' },
    { name: '[words...]', summary: 'the name; behind credential: reset or add-certificate, then the name' },
  ],
  options: [
    { flags: '--identifier-uri <uri>', summary: 'create: the name by which tokens for it are asked' },
    { flags: '--secret', summary: 'create: give it a secret at once, and print it' },
    { flags: '--display-name <text>', summary: 'credential: what the credential is called' },
    { flags: '--append', summary: 'credential reset: keep the secrets there are' },
    {
      flags: '--years <count>',
      summary: 'credential reset, create --secret: how long it lasts',
      default: '1',
    },
    { flags: '--cert <file>', summary: 'credential add-certificate: the certificate, PEM' },
    dataOption,
  ],
  details: `innate ad app create orders-api --identifier-uri api://orders
innate ad app create orders-worker --secret
innate ad app credential reset orders-worker
innate ad app credential add-certificate orders-worker --cert worker.pem

A secret is printed once, and can't be shown again.`,
  async run(input, context) {
    const [claimedVerb, ...words] = input.words;
    const verb = verbOf('ad app', verbs, claimedVerb);
    using deployment = openDeployment(input, context.clock);
    context.output.result(await perform(verb, words, input, { deployment, clock: context.clock }));
    return 0;
  },
};

interface Place {
  readonly deployment: Deployment;
  readonly clock: Clock;
}

async function perform(
  verb: Verb,
  words: readonly string[],
  input: CommandInput,
  place: Place,
): Promise<string> {
  const { directory } = place.deployment;
  const [name] = words;
  if (verb === 'list') {
    const found = await directory.list(['applications']);
    return found.length === 0 ? 'no applications' : found.map(describe).join('\n');
  }
  if (name === undefined) throw new CommandError(`innate ad app ${verb} needs a name`, 2);
  if (verb === 'credential') return await changeCredential(words, input, place);
  if (verb === 'create') return await create(name, input, place);
  const found = await resolveApplication(directory, name);
  if (verb === 'show') return describe(found);
  await directory.delete(['applications', found.string('id')]);
  return `${found.string('displayName')} is deleted, and its service principal with it; for thirty days Graph can restore both`;
}

/** The application, its principal, and where it is asked for its first secret: all or, as far as can be, nothing. */
async function create(name: string, input: CommandInput, place: Place): Promise<string> {
  const { directory, file } = place.deployment;
  const identifier = optionText(input, 'identifierUri');
  const years = yearsOf(input);
  const made = answered(
    await directory.post(['applications'], {
      displayName: name,
      ...(identifier === undefined ? {} : { identifierUris: [identifier] }),
    }),
  );
  const appId = made.string('appId');
  try {
    await directory.post(['servicePrincipals'], { appId });
    if (input.options['secret'] !== true) return describe(made);
    return printed({
      appId,
      displayName: name,
      password: await addSecret(made.string('id'), years, undefined, place),
      tenant: file.tenantId,
    });
  } catch (error) {
    await directory.delete(['applications', made.string('id')]).catch(() => {});
    throw error;
  }
}

async function changeCredential(
  [verb, name]: readonly string[],
  input: CommandInput,
  place: Place,
): Promise<string> {
  if ((verb !== 'reset' && verb !== 'add-certificate') || name === undefined) {
    throw new CommandError(
      "innate ad app credential takes reset or add-certificate, and the application's name",
      2,
    );
  }
  const { directory, file } = place.deployment;
  const displayName = optionText(input, 'displayName');
  if (verb === 'add-certificate') {
    const certificate = readCertificate(optionText(input, 'cert'));
    const found = await resolveApplication(directory, name);
    const standing = found.list('keyCredentials', (key) => ({
      keyId: key.string('keyId'),
      type: key.string('type'),
      usage: key.string('usage'),
    }));
    const key = { type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate };
    await directory.patch(['applications', found.string('id')], {
      keyCredentials: [...standing, displayName === undefined ? key : { ...key, displayName }],
    });
    return `${found.string('displayName')} signs in with the certificate from now on`;
  }
  const years = yearsOf(input);
  const found = await resolveApplication(directory, name);
  const id = found.string('id');
  const before = found.list('passwordCredentials', (secret) => secret.string('keyId'));
  const password = await addSecret(id, years, displayName, place);
  // the new one stands before the old ones go, so that a failure between leaves a way in
  if (input.options['append'] !== true) {
    for (const keyId of before) await directory.post(['applications', id, 'removePassword'], { keyId });
  }
  return printed({ appId: found.string('appId'), password, tenant: file.tenantId });
}

async function addSecret(
  id: string,
  years: number,
  displayName: string | undefined,
  { deployment, clock }: Place,
): Promise<string> {
  const endDateTime = new Date(clock.now() + years * 365 * day).toISOString();
  const secret = answered(
    await deployment.directory.post(['applications', id, 'addPassword'], {
      passwordCredential: { endDateTime, ...(displayName === undefined ? {} : { displayName }) },
    }),
  );
  return secret.string('secretText');
}

function yearsOf(input: CommandInput): number {
  const years = Number(optionText(input, 'years') ?? '1');
  if (!Number.isInteger(years) || years < 1 || years > 10) {
    throw new CommandError('--years is a whole number from 1 to 10', 2);
  }
  return years;
}

/** The first certificate of a PEM file, as Graph wants it: base64 of DER. A private key beside it stays where it is. */
function readCertificate(file: string | undefined): string {
  if (file === undefined) throw new CommandError('innate ad app credential add-certificate needs --cert', 2);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').slice(0, longestCertificate);
  } catch {
    throw new CommandError(`${file} cannot be read`);
  }
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(text)?.[1];
  if (body === undefined) throw new CommandError(`${file} holds no certificate in PEM`);
  return body.replaceAll(/\s/g, '');
}

function answered(answer: JsonReader | undefined): JsonReader {
  if (answer === undefined) throw new UnexpectedAnswer('the directory answered nothing');
  return answer;
}

function printed(members: Readonly<Record<string, string>>): string {
  return JSON.stringify(members, null, 2);
}

/** One line: name, client id, object id. */
function describe(application: JsonReader): string {
  return `${application.string('displayName')}  client ${application.string('appId')}  object ${application.string('id')}`;
}
