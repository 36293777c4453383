import { type RevokedTokens, revokeTokensBody } from '../../../contract/Innate.Tokens.ts';
import { guid, type PrincipalId, type TenantId, type UserId } from '../../../foundation/ids.ts';
import type { Log } from '../../../foundation/log.ts';
import { recordDirectoryAudit } from '../../audit/directory-audits.ts';
import { selectInitiator } from '../../directory/audit-initiator.ts';
import { revokeTokens, selectPrincipal } from '../../directory/directory-store.ts';
import { revokeSignIns, selectUser } from '../../directory/user-store.ts';
import type { Caller } from '../../http/bearer.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import type { Operation, ResourceType } from '../../resource-manager/provider.ts';
import type { Database, Transaction } from '../../storage/database.ts';

export interface RevokeTokensOptions {
  readonly database: Database;
  readonly log: Log;
}

const namespace = 'Innate.Tokens';

/**
 * Ends every token that a principal or a user holds, at once and everywhere, and leaves the account as it is: who can
 * still prove itself gets a new token. A user's refresh tokens and sessions end too, being older.
 */
export function tokenRevocation({ database, log }: RevokeTokensOptions): ResourceType {
  const revoke: Operation<{ principalId?: string | undefined; userPrincipalName?: string | undefined }> = {
    method: 'POST',
    path: `/providers/${namespace}/revokeTokens`,
    action: `${namespace}/revokeTokens/action`,
    body: revokeTokensBody,
    async run({ body, caller, at }) {
      const { tenantId } = caller;
      const revoked = await database.transaction(async (transaction) => {
        const done =
          (await revokeOfPrincipal(transaction, { tenantId, id: body.principalId, at })) ??
          (await revokeOfUser(transaction, { tenantId, ...body, at }));
        if (done !== undefined) await auditRevocation(transaction, done, { caller, at });
        return done;
      });
      if (revoked === undefined) {
        const named = body.principalId ?? body.userPrincipalName ?? '';
        throw new ArmError('not-found', 'PrincipalNotFound', `The directory has no principal '${named}'.`);
      }
      const { principalId, principalType } = revoked;
      const by = { principalId: caller.principalId, tokenId: caller.tokenId };
      log.info({ audit: true, event: 'tokens-revoked', tenantId, principalId, principalType, by }, 'revoked');
      return { status: 200, body: revoked };
    },
  };
  return {
    namespace,
    type: 'revokeTokens',
    apiVersions: ['2026-11-01'],
    owner: 'provider',
    tracked: false,
    operations: [revoke as Operation],
  };
}

/** As Graph's `revokeSignInSessions` is recorded, which does the same for people alone. */
async function auditRevocation(
  transaction: Transaction,
  { principalId, principalType, displayName, tokensValidFrom }: RevokedTokens,
  { caller, at }: { readonly caller: Caller; readonly at: number },
): Promise<void> {
  const isUser = principalType === 'User';
  const newValue = JSON.stringify(tokensValidFrom);
  await recordDirectoryAudit(transaction, {
    tenantId: caller.tenantId,
    at,
    activity: {
      name: 'Update StsRefreshTokenValidFrom Timestamp',
      category: isUser ? 'UserManagement' : 'ApplicationManagement',
    },
    operation: 'Update',
    initiatedBy: await selectInitiator(transaction, caller.tenantId, caller.principalId),
    targets: [
      {
        id: principalId,
        displayName,
        type: principalType,
        modified: [{ name: 'StsRefreshTokensValidFrom', newValue }],
      },
    ],
    additional: [{ key: 'UniqueTokenIdentifier', value: caller.tokenId }],
  });
}

interface Named {
  readonly tenantId: TenantId;
  readonly at: number;
}

async function revokeOfPrincipal(
  transaction: Transaction,
  { tenantId, id, at }: Named & { readonly id: string | undefined },
): Promise<RevokedTokens | undefined> {
  if (id === undefined) return undefined;
  const principalId = guid<PrincipalId>(id.toLowerCase());
  await revokeTokens(transaction, { tenantId, principalId, at });
  const principal = await selectPrincipal(transaction, tenantId, principalId);
  if (principal === undefined) return undefined;
  const { displayName, tokensValidFrom } = principal;
  return {
    principalId,
    principalType: 'ServicePrincipal',
    displayName,
    tokensValidFrom: timeOf(tokensValidFrom),
  };
}

async function revokeOfUser(
  transaction: Transaction,
  named: Named & {
    readonly principalId?: string | undefined;
    readonly userPrincipalName?: string | undefined;
  },
): Promise<RevokedTokens | undefined> {
  const { tenantId, principalId, userPrincipalName = '', at } = named;
  const key =
    principalId === undefined ? { userPrincipalName } : { userId: guid<UserId>(principalId.toLowerCase()) };
  const user = await selectUser(transaction, tenantId, key);
  if (user === undefined) return undefined;
  const { userId, displayName } = user;
  await revokeSignIns(transaction, { tenantId, userId, at });
  const { tokensValidFrom } = (await selectUser(transaction, tenantId, { userId })) ?? user;
  return {
    principalId: userId,
    principalType: 'User',
    displayName,
    tokensValidFrom: timeOf(tokensValidFrom),
  };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
