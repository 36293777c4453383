import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { canonicalId, formatScope, type Scope } from '../../contract/resource-id.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { CallerFacts } from '../http/bearer.ts';
import { Hierarchy } from '../management-groups/hierarchy.ts';
import { managementGroupNotFound, resourceGroupNotFound } from '../resource-manager/arm-errors.ts';
import type { ResourceType } from '../resource-manager/provider.ts';
import { findResourceGroup, presentResourceGroup } from '../resource-manager/resource-group-store.ts';
import { findSubscription } from '../resource-manager/subscription-store.ts';
import type { Database } from '../storage/database.ts';
import type { DeploymentFacts } from '../templates/evaluation-scope.ts';

/** A type as `providers()` shows it. */
export type KnownType = Pick<ResourceType, 'namespace' | 'type' | 'apiVersions'>;

export interface FactsParts {
  readonly database: Database;
  /** What `environment()` answers: the endpoints of this cloud. */
  readonly environment: () => JsonObject;
  /** Every type that is served. */
  readonly types: () => readonly KnownType[];
}

/** What the facts are of. */
export interface DeploymentPlace {
  readonly tenantId: TenantId;
  readonly scope: Scope;
  readonly name: string;
  readonly location: string | undefined;
  readonly properties: JsonObject;
  readonly caller: CallerFacts;
}

/** What a template can ask about where it is deployed, and by whom. */
export async function deploymentFacts(parts: FactsParts, place: DeploymentPlace): Promise<DeploymentFacts> {
  const { tenantId, scope, caller } = place;
  return {
    subscription: await subscriptionFacts(parts, scope),
    resourceGroup: await groupFacts(parts, tenantId, scope),
    managementGroup: await managementGroupFacts(parts, tenantId, scope),
    tenant: { tenantId, countryCode: '', displayName: '' },
    deployment: {
      name: place.name,
      ...(place.location === undefined ? {} : { location: place.location }),
      properties: place.properties,
    },
    environment: parts.environment(),
    deployer: { objectId: caller.principalId, tenantId: caller.tenantId, userPrincipalName: '' },
    providers: (namespace, type) => providerFacts(parts.types(), namespace, type),
  };
}

async function subscriptionFacts({ database }: FactsParts, scope: Scope): Promise<JsonObject | undefined> {
  if (scope.kind !== 'subscription' && scope.kind !== 'resourceGroup') return undefined;
  const found = await findSubscription(database.read, scope.subscriptionId);
  if (found === undefined) return undefined;
  const { subscriptionId, tenantId, displayName } = found;
  return { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName };
}

async function groupFacts(
  { database }: FactsParts,
  tenantId: TenantId,
  scope: Scope,
): Promise<JsonObject | undefined> {
  if (scope.kind !== 'resourceGroup') return undefined;
  const group = await findResourceGroup(database.read, tenantId, canonicalId(scope));
  if (group === undefined) throw resourceGroupNotFound(scope.resourceGroup);
  return JSON.parse(JSON.stringify(presentResourceGroup(group))) as JsonObject;
}

async function managementGroupFacts(
  { database }: FactsParts,
  tenantId: TenantId,
  scope: Scope,
): Promise<JsonObject | undefined> {
  if (scope.kind !== 'managementGroup') return undefined;
  const found = (await Hierarchy.load(database.read, tenantId)).group(scope.managementGroup);
  if (found === undefined) throw managementGroupNotFound(scope.managementGroup);
  return {
    id: formatScope({ ...scope, managementGroup: found.name }),
    name: found.name,
    type: 'Microsoft.Management/managementGroups',
    properties: { tenantId, displayName: found.displayName },
  };
}

function providerFacts(
  types: readonly KnownType[],
  namespace: string,
  type: string | undefined,
): JsonValue | undefined {
  const own = types.filter((one) => one.namespace.toLowerCase() === namespace.toLowerCase());
  const present = (one: KnownType): JsonObject => ({
    resourceType: one.type,
    locations: [],
    apiVersions: [...one.apiVersions].sort().reverse(),
  });
  if (type !== undefined) {
    const found = own.find((one) => one.type.toLowerCase() === type.toLowerCase());
    return found === undefined ? undefined : present(found);
  }
  return own.length === 0 ? undefined : { namespace, resourceTypes: own.map(present) };
}
