import { ApiError } from '../../client/agents-client.ts';
import { CommandError } from '../command.ts';
import type { Outcome, World } from './step.ts';

export interface WantedSecret {
  /** Name of the vault. */
  readonly vault: string;
  readonly name: string;
  readonly value: string;
}

/** Sets a secret, unless it has the value already. No failure holds the value. */
export async function ensureSecret({ vault, name, value }: WantedSecret, world: World): Promise<Outcome> {
  const client = world.deployment.vault(vault);
  try {
    const standing = await client.getSecret(name);
    if (standing === value) return 'unchanged';
    await client.setSecret(name, value);
    return standing === undefined ? 'created' : 'changed';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new CommandError(`the vault refuses it (${error.code})`);
  }
}
