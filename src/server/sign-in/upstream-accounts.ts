import { guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { auditUpstreamAccount } from '../directory/people-audits.ts';
import { insertUser, selectUser, type User } from '../directory/user-store.ts';
import type { Queries, Transaction } from '../storage/database.ts';

/** An account elsewhere, as its provider vouches for it. */
export interface UpstreamAccount {
  readonly issuer: string;
  readonly subject: string;
  /** The mail address, where the provider says that it is verified. */
  readonly verifiedMail: string | undefined;
  readonly name: string | undefined;
}

/** Of a new user name: ASCII, so that no two look alike (C4). */
const localPart = /^(?=.{1,64}$)[a-z0-9'_!#^~+-]+(?:\.[a-z0-9'_!#^~+-]+)*$/;

/**
 * The person of an account elsewhere: linked before, or by the mail address, which is the user name, where the provider
 * may vouch for its domain. The link is by issuer and subject, so a later change of the address means nothing.
 *
 * @returns `undefined` where the account is nobody's
 */
export async function personOfAccount(
  transaction: Transaction,
  {
    tenantId,
    account,
    domains,
    createUsers,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly account: UpstreamAccount;
    readonly domains: readonly string[];
    readonly createUsers: boolean;
    readonly at: number;
  },
  randomness: Randomness,
): Promise<User | undefined> {
  const linked = await selectLinked(transaction, tenantId, account);
  if (linked !== undefined) return linked;
  const mail = account.verifiedMail?.toLowerCase();
  const domain = mail?.slice(mail.lastIndexOf('@') + 1);
  if (mail === undefined || domain === undefined || !domains.includes(domain)) return undefined;
  const known = await selectUser(transaction, tenantId, { userPrincipalName: mail });
  if (known === undefined && !(createUsers && localPart.test(mail.slice(0, mail.lastIndexOf('@'))))) {
    return undefined;
  }
  const userId = known?.userId ?? guid<UserId>(randomness.uuid());
  if (known === undefined) {
    await insertUser(transaction, {
      ...{ tenantId, userId, at, userPrincipalName: mail, profile: { mail } },
      displayName: account.name ?? mail,
    });
  }
  await transaction
    .insertInto('upstream_accounts')
    .values({
      tenant_id: tenantId,
      issuer: account.issuer,
      subject: account.subject,
      user_id: userId,
      linked_at: at,
    })
    .execute();
  const { issuer, subject } = account;
  await auditUpstreamAccount(transaction, {
    ...{ tenantId, at, userId, issuer, subject },
    isNew: known === undefined,
  });
  return known ?? (await selectUser(transaction, tenantId, { userId }));
}

/** A link whose person is gone links nobody, and is taken away. */
async function selectLinked(
  transaction: Transaction,
  tenantId: TenantId,
  { issuer, subject }: UpstreamAccount,
): Promise<User | undefined> {
  const row = await selectLink(transaction, tenantId, issuer, subject);
  if (row === undefined) return undefined;
  const user = await selectUser(transaction, tenantId, { userId: guid<UserId>(row.user_id) });
  if (user !== undefined) return user;
  await transaction
    .deleteFrom('upstream_accounts')
    .where('tenant_id', '=', tenantId)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .execute();
  return undefined;
}

async function selectLink(queries: Queries, tenantId: TenantId, issuer: string, subject: string) {
  return await queries
    .selectFrom('upstream_accounts')
    .select('user_id')
    .where('tenant_id', '=', tenantId)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
}
