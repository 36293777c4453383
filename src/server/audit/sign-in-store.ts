import type { Selectable } from 'kysely';
import { guid, type TenantId } from '../../foundation/ids.ts';
import type { SignInsTable } from '../storage/audit-tables.ts';
import type { Queries } from '../storage/database.ts';
import type { SignIn, SignInKind } from './sign-in.ts';

/** Which sign-ins are wanted; what is absent does not narrow. */
export interface SignInQuery {
  readonly signInId?: string;
  readonly kinds?: readonly SignInKind[];
  readonly accountId?: string;
  readonly clientId?: string;
  readonly resourceAppId?: string;
  readonly correlationId?: string;
  /** One `AADSTS` number, 0 for tokens issued, or `refused` for every other. */
  readonly errorCode?: number | 'refused';
  /** Milliseconds since the epoch, inclusive. */
  readonly from?: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly until?: number;
  /** Goes on behind the sign-in of this place in the log. */
  readonly after?: number;
  readonly limit: number;
}

/** A sign-in with its place in the log, from which a further page goes on. */
export interface LoggedSignIn extends SignIn {
  readonly sequence: number;
}

/** A tenant's sign-ins, latest first. */
export async function selectSignIns(
  queries: Queries,
  tenantId: TenantId,
  query: SignInQuery,
): Promise<readonly LoggedSignIn[]> {
  const { signInId, kinds, accountId, clientId, resourceAppId, correlationId, errorCode } = query;
  const { from, until, after, limit } = query;
  const rows = await queries
    .selectFrom('sign_ins')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(signInId !== undefined, (q) => q.where('sign_in_id', '=', signInId ?? ''))
    .$if(kinds !== undefined, (q) => q.where('kind', 'in', [...(kinds ?? [])]))
    .$if(accountId !== undefined, (q) => q.where('account_id', '=', accountId ?? ''))
    .$if(clientId !== undefined, (q) => q.where('client_id', '=', clientId ?? ''))
    .$if(resourceAppId !== undefined, (q) => q.where('resource_app_id', '=', resourceAppId ?? ''))
    .$if(correlationId !== undefined, (q) => q.where('correlation_id', '=', correlationId ?? ''))
    .$if(errorCode === 'refused', (q) => q.where('error_code', '!=', 0))
    .$if(typeof errorCode === 'number', (q) => q.where('error_code', '=', Number(errorCode)))
    .$if(from !== undefined, (q) => q.where('at', '>=', from ?? 0))
    .$if(until !== undefined, (q) => q.where('at', '<', until ?? 0))
    .$if(after !== undefined, (q) => q.where('sequence', '<', after ?? 0))
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
  return rows.map(asSignIn);
}

function asSignIn(row: Selectable<SignInsTable>): LoggedSignIn {
  const details = JSON.parse(row.details) as Pick<SignIn, 'credential' | 'address'>;
  return {
    ...details,
    sequence: row.sequence,
    signInId: row.sign_in_id,
    tenantId: guid<TenantId>(row.tenant_id),
    at: row.at,
    kind: row.kind as SignInKind,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.client_id === null ? {} : { clientId: row.client_id }),
    ...(row.resource_app_id === null ? {} : { resourceAppId: row.resource_app_id }),
    correlationId: row.correlation_id,
    errorCode: row.error_code,
  };
}
