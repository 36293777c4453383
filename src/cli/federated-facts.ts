import { readFile } from 'node:fs/promises';
import { CommandError, type CommandInput, type CommandOption, optionList, optionText } from './command.ts';

/** The audience of tokens that are exchanged for ours. */
export const defaultAudience = 'api://AzureADTokenExchange';

/** Options that say which tokens of another issuer are meant. */
export const factsOptions: readonly CommandOption[] = [
  { flags: '--issuer <url>', summary: 'who signs the tokens, letter for letter' },
  { flags: '--subject <text>', summary: 'whom they are about, letter for letter' },
  { flags: '--audiences <uri...>', summary: `whom they are for; ${defaultAudience} unless told` },
  { flags: '--keys <file>', summary: "the issuer's key set (JSON), where it cannot be fetched" },
  {
    flags: '--authority <file>',
    summary: "the certificate authority of the issuer's site (PEM), where it is no public one",
  },
];

/** Which tokens of another issuer are meant, as Graph and ARM both spell it. */
export interface FederatedFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly innateTrust?: object;
}

/** @throws CommandError where something is missing, or a file is no key set */
export async function readFacts(input: CommandInput): Promise<FederatedFacts> {
  const [issuer, subject] = [optionText(input, 'issuer'), optionText(input, 'subject')];
  if (issuer === undefined || subject === undefined) {
    throw new CommandError('say whose tokens, and about whom: --issuer and --subject', 2);
  }
  const given = optionList(input, 'audiences');
  const audiences = given.length === 0 ? [defaultAudience] : given;
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
