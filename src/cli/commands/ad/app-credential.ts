import { readFileSync } from 'node:fs';
import type { Clock } from '../../../foundation/clock.ts';
import { resolveApplication } from '../../application-name.ts';
import {
  type Answer,
  type AnsweringCommand,
  CommandError,
  type CommandGroup,
  type CommandInput,
  type CommandOption,
  dataOption,
  optionText,
} from '../../command.ts';
import { type Deployment, openDeployment } from '../../deployment.ts';
import { answered, objectOption, requireName } from './directory-object.ts';

const longestCertificate = 65_536;
const day = 86_400_000;
const word = { name: '[name]', summary: "the application's name, client id, object id or identifier" };
const displayNameOption: CommandOption = {
  flags: '--display-name <text>',
  summary: 'what the credential is called',
};

export const yearsOption: CommandOption = {
  flags: '--years <count>',
  summary: 'how long it lasts',
  default: '1',
};

const reset: AnsweringCommand = {
  name: 'reset',
  summary: 'give an application a secret, print it, and end those there are',
  arguments: [word],
  options: [
    objectOption,
    displayNameOption,
    { flags: '--append', summary: 'keep the secrets there are' },
    yearsOption,
    dataOption,
  ],
  async answer(input, { clock }) {
    const name = requireName(input, 'id', 'which application');
    const years = yearsIn(input);
    using deployment = openDeployment(input, clock);
    const { directory, file } = deployment;
    const found = await resolveApplication(directory, name);
    const id = found.string('id');
    const before = found.list('passwordCredentials', (secret) => secret.string('keyId'));
    const password = await addSecret(id, years, optionText(input, 'displayName'), deployment, clock);
    // the new one stands before the old ones go, so that a failure between leaves a way in
    if (input.options['append'] !== true) {
      for (const keyId of before) await directory.post(['applications', id, 'removePassword'], { keyId });
    }
    return printedSecret({ appId: found.string('appId'), password, tenant: file.tenantId });
  },
};

const addCertificate: AnsweringCommand = {
  name: 'add-certificate',
  summary: 'let an application sign in with a certificate',
  arguments: [word],
  options: [
    objectOption,
    displayNameOption,
    { flags: '--cert <file>', summary: 'the certificate, PEM' },
    dataOption,
  ],
  async answer(input, { clock }) {
    const name = requireName(input, 'id', 'which application');
    const certificate = readCertificate(optionText(input, 'cert'));
    const displayName = optionText(input, 'displayName');
    using deployment = openDeployment(input, clock);
    const found = await resolveApplication(deployment.directory, name);
    const standing = found.list('keyCredentials', (key) => ({
      keyId: key.string('keyId'),
      type: key.string('type'),
      usage: key.string('usage'),
    }));
    const key = { type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate };
    await deployment.directory.patch(['applications', found.string('id')], {
      keyCredentials: [...standing, displayName === undefined ? key : { ...key, displayName }],
    });
    return { said: `${found.string('displayName')} signs in with the certificate from now on` };
  },
};

/** Secrets and certificates of applications. */
export const credential: CommandGroup = {
  name: 'credential',
  summary: 'secrets and certificates of applications',
  commands: [reset, addCertificate],
};

/** Gives an application a secret. @returns the secret, which nobody can show again */
export async function addSecret(
  id: string,
  years: number,
  displayName: string | undefined,
  { directory }: Pick<Deployment, 'directory'>,
  clock: Clock,
): Promise<string> {
  const endDateTime = new Date(clock.now() + years * 365 * day).toISOString();
  const secret = answered(
    await directory.post(['applications', id, 'addPassword'], {
      passwordCredential: { endDateTime, ...(displayName === undefined ? {} : { displayName }) },
    }),
  );
  return secret.string('secretText');
}

/** A secret that is shown once: as JSON for people too, so that it is copied as a whole. */
export function printedSecret(members: Readonly<Record<string, string>>): Answer {
  return { data: members, said: JSON.stringify(members, null, 2) };
}

/** @throws CommandError where `--years` is no number of years */
export function yearsIn(input: CommandInput): number {
  const years = Number(optionText(input, 'years') ?? '1');
  if (!Number.isInteger(years) || years < 1 || years > 10) {
    throw new CommandError('--years is a whole number from 1 to 10', 2);
  }
  return years;
}

/** The first certificate of a PEM file, as Graph wants it: base64 of DER. A private key beside it stays where it is. */
function readCertificate(file: string | undefined): string {
  if (file === undefined) throw new CommandError('say which certificate: --cert FILE', 2);
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
