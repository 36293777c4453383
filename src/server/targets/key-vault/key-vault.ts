import type { FastifyInstance } from 'fastify';
import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import type { ChangeFollower } from '../../storage/change-log.ts';
import { registerTarget, type Target, type TargetDependencies } from '../target.ts';
import {
  audiencesOf,
  type ChallengeOptions,
  keyVaultRefusals,
  requireApiVersion,
  requireRoleBased,
  vaultNameOf,
} from './challenge.ts';
import { secretRoutes } from './secret-routes.ts';
import { Secrets, type SecretsDependencies } from './secrets.ts';
import { type Vault, Vaults } from './vaults.ts';

export interface KeyVaultDependencies extends TargetDependencies, SecretsDependencies, ChallengeOptions {
  readonly profile: CloudProfile;
  readonly follower: ChangeFollower;
}

/** Registers the data plane of all vaults on an app that speaks Key Vault's dialect (`http/dialects/key-vault.ts`). */
export function registerKeyVault(app: FastifyInstance, dependencies: KeyVaultDependencies): void {
  const { profile, database, follower } = dependencies;
  const vaults = new Vaults(database, follower);
  const target: Target<Vault> = {
    name: 'key-vault',
    async locate(request) {
      const name = vaultNameOf(request, profile);
      return name === undefined ? undefined : await vaults.byName(name);
    },
    audiences: (request) => audiencesOf(request, profile),
    headers: (vault, assignmentId) => ({
      'x-ms-keyvault-region': vault.location,
      ...(assignmentId === undefined ? {} : { 'x-ms-keyvault-rbac-assignment-id': assignmentId }),
    }),
    requireServed: requireRoleBased,
    validate: requireApiVersion,
    refusals: keyVaultRefusals(dependencies),
  };
  registerTarget(app, target, secretRoutes(new Secrets(dependencies)), dependencies);
}
