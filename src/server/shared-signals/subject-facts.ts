import type { TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';

/** What receivers are told of a subject when it changes. Lists are sorted. */
export interface SubjectFacts {
  readonly kind: 'application' | 'managedIdentity' | 'user' | 'tenant';
  readonly enabled: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly tokensValidFrom: number;
  /** `secret`, `certificate` or `federated`, and the credential's id. */
  readonly credentials: readonly string[];
  /** Role assignments, app roles and directory roles, each with where it holds. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** The tenant's revoked signing keys. */
  readonly revokedKeys: readonly string[];
}

/**
 * The facts of every principal and user of a tenant, and of the tenant itself under its own id, as they are now.
 *
 * @param subjectId of the one that is wanted; all unless given
 */
export async function readFacts(
  queries: Queries,
  tenantId: TenantId,
  subjectId?: string,
): Promise<ReadonlyMap<string, SubjectFacts>> {
  const principals = await queries
    .selectFrom('principals')
    .select(['principal_id', 'principal_type', 'client_id', 'enabled', 'created_at', 'tokens_valid_from'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('principal_id', '=', subjectId ?? ''))
    .execute();
  const users = await queries
    .selectFrom('users')
    .select(['user_id', 'enabled', 'created_at', 'tokens_valid_from'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('user_id', '=', subjectId ?? ''))
    .execute();
  const clientId = subjectId === undefined ? undefined : principals[0]?.client_id;
  const credentials =
    subjectId !== undefined && clientId === undefined
      ? new Map<string, string[]>()
      : await credentialsOf(queries, tenantId, clientId);
  const roles = await rolesOf(queries, tenantId, subjectId);
  const groups = await groupsOf(queries, tenantId, subjectId);
  const facts = new Map<string, SubjectFacts>();
  for (const row of principals) {
    facts.set(row.principal_id, {
      kind: row.principal_type === 'ManagedIdentity' ? 'managedIdentity' : 'application',
      enabled: row.enabled === 1,
      createdAt: row.created_at,
      tokensValidFrom: row.tokens_valid_from,
      credentials: sorted(credentials.get(row.client_id)),
      roles: sorted(roles.get(row.principal_id)),
      groups: sorted(groups.get(row.principal_id)),
      revokedKeys: [],
    });
  }
  for (const row of users) {
    facts.set(row.user_id, {
      kind: 'user',
      enabled: row.enabled === 1,
      createdAt: row.created_at,
      tokensValidFrom: row.tokens_valid_from,
      credentials: [],
      roles: sorted(roles.get(row.user_id)),
      groups: sorted(groups.get(row.user_id)),
      revokedKeys: [],
    });
  }
  if (subjectId === undefined || subjectId === tenantId) {
    facts.set(tenantId, { ...tenantFacts, revokedKeys: await revokedKeysOf(queries, tenantId) });
  }
  return facts;
}

const tenantFacts: SubjectFacts = {
  kind: 'tenant',
  enabled: true,
  createdAt: 0,
  tokensValidFrom: 0,
  credentials: [],
  roles: [],
  groups: [],
  revokedKeys: [],
};

async function credentialsOf(queries: Queries, tenantId: TenantId, clientId: string | undefined) {
  const found = new Map<string, string[]>();
  const secrets = await queries
    .selectFrom('client_secrets')
    .select(['client_id', 'secret_id as id'])
    .where('tenant_id', '=', tenantId)
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId ?? ''))
    .execute();
  const certificates = await queries
    .selectFrom('client_certificates')
    .select(['client_id', 'key_id as id'])
    .where('tenant_id', '=', tenantId)
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId ?? ''))
    .execute();
  const federated = await queries
    .selectFrom('federated_credentials')
    .select(['client_id', 'credential_id as id'])
    .where('tenant_id', '=', tenantId)
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId ?? ''))
    .execute();
  for (const [kind, rows] of [
    ['secret', secrets],
    ['certificate', certificates],
    ['federated', federated],
  ] as const) {
    for (const { client_id, id } of rows) add(found, client_id, `${kind} ${id}`);
  }
  return found;
}

async function rolesOf(queries: Queries, tenantId: TenantId, subjectId: string | undefined) {
  const found = new Map<string, string[]>();
  const assignments = await queries
    .selectFrom('role_assignments')
    .select(['principal_id', 'role_definition_id', 'scope_canonical'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('principal_id', '=', subjectId ?? ''))
    .execute();
  const appRoles = await queries
    .selectFrom('app_role_assignments')
    .select(['principal_id', 'app_role_id', 'resource_id'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('principal_id', '=', subjectId ?? ''))
    .execute();
  const directoryRoles = await queries
    .selectFrom('directory_role_assignments')
    .select(['principal_id', 'role_template_id', 'directory_scope'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('principal_id', '=', subjectId ?? ''))
    .execute();
  for (const row of assignments)
    add(found, row.principal_id, `${row.role_definition_id} ${row.scope_canonical}`);
  for (const row of appRoles) add(found, row.principal_id, `${row.app_role_id} ${row.resource_id}`);
  for (const row of directoryRoles)
    add(found, row.principal_id, `${row.role_template_id} ${row.directory_scope}`);
  return found;
}

async function groupsOf(queries: Queries, tenantId: TenantId, subjectId: string | undefined) {
  const found = new Map<string, string[]>();
  const rows = await queries
    .selectFrom('group_members')
    .select(['member_id', 'group_id'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('member_id', '=', subjectId ?? ''))
    .execute();
  for (const { member_id, group_id } of rows) add(found, member_id, group_id);
  return found;
}

async function revokedKeysOf(queries: Queries, tenantId: TenantId): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('signing_keys')
    .select('kid')
    .where('tenant_id', '=', tenantId)
    .where('state', '=', 'revoked')
    .execute();
  return sorted(rows.map(({ kid }) => kid));
}

function add(found: Map<string, string[]>, key: string, value: string): void {
  const known = found.get(key);
  if (known === undefined) found.set(key, [value]);
  else known.push(value);
}

function sorted(values: readonly string[] = []): readonly string[] {
  return [...values].sort();
}
