import { ArmError } from '../../http/dialects/arm.ts';
import {
  type Answer,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import type { Database } from '../../storage/database.ts';
import type { KeyKeeper } from '../../tokens/key-keeper.ts';
import { type KeyRecord, selectTenantKeys } from '../../tokens/signing-key-store.ts';

export interface SigningKeysOptions {
  readonly database: Database;
  readonly keeper: Pick<KeyKeeper, 'rotate' | 'revoke'>;
}

const namespace = 'Innate.Tokens';
const apiVersions = ['2026-11-01'];
const collection = `/providers/${namespace}/signingKeys`;

/** The keys that sign the tokens of the caller's tenant: what they are, and the end of one that is not to be trusted. */
export function signingKeys({ database, keeper }: SigningKeysOptions): ResourceType {
  const requireKey = async (context: OperationContext): Promise<KeyRecord> => {
    const kid = parameter(context, 'kid');
    const keys = await selectTenantKeys(database.read, context.caller.tenantId);
    const key = keys.find((candidate) => candidate.kid === kid);
    if (key === undefined) throw keyNotFound(kid);
    return key;
  };
  return {
    namespace,
    type: 'signingKeys',
    apiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: collection,
        action: `${namespace}/signingKeys/read`,
        run: async (context) => await listOf(database, context),
      },
      {
        method: 'GET',
        path: `${collection}/{kid}`,
        action: `${namespace}/signingKeys/read`,
        run: async (context) => ({ status: 200, body: present(await requireKey(context)) }),
      },
      {
        method: 'POST',
        path: `${collection}/{kid}/revoke`,
        action: `${namespace}/signingKeys/revoke/action`,
        async run(context) {
          const kid = parameter(context, 'kid');
          const { tenantId, principalId } = context.caller;
          if (!(await keeper.revoke(tenantId, kid, principalId))) throw keyNotFound(kid);
          return await listOf(database, context);
        },
      },
    ],
  };
}

/** Turns the keys of the caller's tenant at once; answers all of them as they stand then. */
export function signingKeyRotation({ database, keeper }: SigningKeysOptions): ResourceType {
  return {
    namespace,
    type: 'rotateSigningKeys',
    apiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'POST',
        path: `/providers/${namespace}/rotateSigningKeys`,
        action: `${namespace}/signingKeys/rotate/action`,
        async run(context) {
          await keeper.rotate(context.caller.tenantId, context.caller.principalId);
          return await listOf(database, context);
        },
      },
    ],
  };
}

/** All keys of the tenant: after a change too, since the caller's own token may be of the key that is revoked. */
async function listOf(database: Database, { caller }: Pick<OperationContext, 'caller'>): Promise<Answer> {
  const keys = await selectTenantKeys(database.read, caller.tenantId);
  return { status: 200, body: { value: keys.map(present) } };
}

function present(key: KeyRecord): object {
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return {
    id: `${collection}/${key.kid}`,
    name: key.kid,
    type: `${namespace}/signingKeys`,
    properties: {
      state: key.state,
      algorithm: key.alg,
      heldBy: key.holder,
      announcedOn: time(key.createdAt),
      activatedOn: time(key.activatedAt),
      retiredOn: time(key.retiredAt),
    },
  };
}

function keyNotFound(kid: string): ArmError {
  return new ArmError('not-found', 'SigningKeyNotFound', `The tenant has no signing key '${kid}'.`);
}
