import type { TenantId } from '../../foundation/ids.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import type { Queries } from '../storage/database.ts';
import { inMemory, listPage } from './collection.ts';
import { graphTime } from './graph-time.ts';
import type { GraphOperation, GraphRequest, ReadOperation } from './operation.ts';
import { noSuchObject } from './targets.ts';

const readsDirectory: readonly GraphPermission[] = ['Directory.Read.All', 'Directory.ReadWrite.All'];
const readsOrganization: readonly GraphPermission[] = ['Organization.Read.All', ...readsDirectory];
const readsDomains: readonly GraphPermission[] = ['Domain.Read.All', ...readsOrganization];

/** The tenant itself, and the domains that are its own. */
export const organizationOperations: readonly GraphOperation[] = [
  ...shownAs('organization', readsOrganization, presentOrganization),
  ...shownAs('domains', readsDomains, presentDomain),
];

interface TenantRow {
  readonly tenantId: string;
  readonly displayName: string;
  readonly defaultDomain: string;
  readonly createdAt: number;
}

/** A collection with the one object that a tenant has of a kind. */
function shownAs(
  entitySet: string,
  permissions: readonly GraphPermission[],
  present: (tenant: TenantRow) => { readonly id: string },
): readonly ReadOperation[] {
  const shown = async ({ tenantId }: GraphRequest, queries: Queries) =>
    present(await selectTenantRow(queries, tenantId));
  return [
    {
      method: 'GET',
      path: entitySet,
      permissions,
      async run(request, queries) {
        const objects = [await shown(request, queries)];
        const source = inMemory(
          objects,
          ({ id }) => id,
          async (rows) => rows,
        );
        return await listPage(request, { entitySet, path: entitySet }, source);
      },
    },
    {
      method: 'GET',
      path: `${entitySet}/{}`,
      permissions,
      async run(request, queries) {
        const [key] = request.keys;
        const value = await shown(request, queries);
        if (key?.by !== 'id' || key.value.toLowerCase() !== value.id) throw noSuchObject(key?.value ?? '');
        return { kind: 'entity', entitySet, value };
      },
    },
  ];
}

async function selectTenantRow(queries: Queries, tenantId: TenantId): Promise<TenantRow> {
  const row = await queries
    .selectFrom('tenants')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow();
  return {
    tenantId: row.tenant_id,
    displayName: row.display_name,
    defaultDomain: row.default_domain,
    createdAt: row.created_at,
  };
}

function presentOrganization({ tenantId, displayName, defaultDomain, createdAt }: TenantRow) {
  return {
    id: tenantId,
    deletedDateTime: null,
    assignedPlans: [],
    businessPhones: [],
    city: null,
    country: null,
    countryLetterCode: null,
    createdDateTime: graphTime(createdAt),
    displayName,
    onPremisesSyncEnabled: null,
    postalCode: null,
    preferredLanguage: null,
    provisionedPlans: [],
    securityComplianceNotificationMails: [],
    state: null,
    street: null,
    technicalNotificationMails: [],
    tenantType: 'AAD',
    verifiedDomains: [
      { capabilities: '', isDefault: true, isInitial: true, name: defaultDomain, type: 'Managed' },
    ],
  };
}

function presentDomain({ defaultDomain }: TenantRow) {
  return {
    id: defaultDomain,
    authenticationType: 'Managed',
    availabilityStatus: null,
    isAdminManaged: true,
    isDefault: true,
    isInitial: true,
    isRoot: true,
    isVerified: true,
    model: null,
    passwordNotificationWindowInDays: null,
    passwordValidityPeriodInDays: null,
    state: null,
    supportedServices: [],
  };
}
