import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const domain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'is a domain in lower case');

const provider = z.strictObject({
  /** Part of the address that the provider sends people back to: `/sign-in/upstream/<name>/callback`. */
  name: z.string().regex(/^[a-z0-9-]{1,32}$/, 'has letters, digits and -'),
  /** On the button. */
  label: z.string().min(1).max(64),
  issuer: z.url({ protocol: /^https$/ }).max(2048),
  clientId: z.string().min(1).max(256),
  /** The file that holds the client secret; a path beside this file. */
  clientSecretFile: z.string().min(1),
  /** Domains whose people the provider may vouch for: their user names are their verified mail addresses. */
  domains: z.array(domain).min(1).max(64),
  /** Whether people who are not in the directory yet are put there. */
  createUsers: z.boolean().default(false),
  /** Hosts in private networks that requests may go to. */
  allowedHosts: z.array(z.string().max(260)).max(16).default([]),
  /** PEM of authorities to trust for the provider, in place of the public ones. */
  caFile: z.string().min(1).optional(),
});
const upstreamFile = z.strictObject({ providers: z.array(provider).min(1).max(16) });

/** An OpenID provider elsewhere, by which people may sign in. */
export interface UpstreamProvider extends Omit<z.infer<typeof provider>, 'clientSecretFile' | 'caFile'> {
  readonly clientSecret: string;
  /** PEM. */
  readonly ca: string | undefined;
}

/**
 * Reads the file of upstream providers, and the files that it names.
 *
 * @throws Error with one sentence that names the file and what is wrong with it
 */
export async function readUpstreamFile(file: string): Promise<readonly UpstreamProvider[]> {
  const text = await readText(file);
  const parsed = upstreamFile.safeParse(jsonOf(file, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${file}: '${issue?.path.join('.')}' ${issue?.message ?? 'is wrong'}`);
  }
  const { providers } = parsed.data;
  if (new Set(providers.map(({ name }) => name)).size !== providers.length) {
    throw new Error(`${file}: two providers have one name`);
  }
  const beside = (name: string) => readText(path.resolve(path.dirname(file), name));
  return await Promise.all(
    providers.map(async ({ clientSecretFile, caFile, ...rest }) => ({
      ...rest,
      clientSecret: (await beside(clientSecretFile)).trim(),
      ca: caFile === undefined ? undefined : await beside(caFile),
    })),
  );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read`, { cause: error });
  }
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON`);
  }
}
