import type { KnownType } from '../deployments/facts.ts';
import { identitySupportOf } from '../resource-manager/identity-support-table.ts';
import { type FurtherTypes, fullType } from '../resource-manager/operation-registry.ts';
import type { ResourceType } from '../resource-manager/provider.ts';
import type { TrackedDependencies } from '../resource-manager/tracked-type.ts';
import { createFurtherTypes, recordedTypes } from './catalog/further-types.ts';
import { type IssueJoinToken, joinTokens } from './Innate.Machines/issueJoinToken.ts';
import { type RevokeTokensOptions, tokenRevocation } from './Innate.Tokens/revokeTokens.ts';
import { type SigningKeysOptions, signingKeyRotation, signingKeys } from './Innate.Tokens/signingKeys.ts';
import { containerApps } from './Microsoft.App/containerApps.ts';
import { managedEnvironments } from './Microsoft.App/managedEnvironments.ts';
import { appOperations } from './Microsoft.App/operations.ts';
import { locks } from './Microsoft.Authorization/locks.ts';
import { roleAssignments } from './Microsoft.Authorization/roleAssignments.ts';
import { roleDefinitions } from './Microsoft.Authorization/roleDefinitions.ts';
import { virtualMachineExtensions } from './Microsoft.Compute/extensions.ts';
import { scaleSetInstances } from './Microsoft.Compute/instances.ts';
import { publishers, vmSizes } from './Microsoft.Compute/locations.ts';
import { computeOperations } from './Microsoft.Compute/operations.ts';
import { skus } from './Microsoft.Compute/skus.ts';
import { virtualMachineScaleSets } from './Microsoft.Compute/virtualMachineScaleSets.ts';
import { virtualMachines } from './Microsoft.Compute/virtualMachines.ts';
import { containerGroups } from './Microsoft.ContainerInstance/containerGroups.ts';
import { containerOperations } from './Microsoft.ContainerInstance/operations.ts';
import { hybridMachines } from './Microsoft.HybridCompute/machines.ts';
import { hybridOperations } from './Microsoft.HybridCompute/operations.ts';
import { type VaultsOptions, vaults } from './Microsoft.KeyVault/vaults.ts';
import { federatedIdentityCredentials } from './Microsoft.ManagedIdentity/federatedIdentityCredentials.ts';
import { systemAssignedIdentities } from './Microsoft.ManagedIdentity/identities.ts';
import { identityOperations } from './Microsoft.ManagedIdentity/operations.ts';
import { userAssignedIdentities } from './Microsoft.ManagedIdentity/userAssignedIdentities.ts';
import { managementGroups } from './Microsoft.Management/managementGroups.ts';
import { subscriptionsOfGroups } from './Microsoft.Management/subscriptions.ts';
import { loadBalancers } from './Microsoft.Network/loadBalancers.ts';
import { networkInterfaces } from './Microsoft.Network/networkInterfaces.ts';
import { networkSecurityGroups } from './Microsoft.Network/networkSecurityGroups.ts';
import { networkOperations } from './Microsoft.Network/operations.ts';
import { publicIPAddresses } from './Microsoft.Network/publicIPAddresses.ts';
import { virtualNetworks } from './Microsoft.Network/virtualNetworks.ts';
import { type BatchOptions, batch } from './Microsoft.Resources/batch.ts';
import { checkResourceName } from './Microsoft.Resources/checkResourceName.ts';
import { type DeploymentsOptions, deployments } from './Microsoft.Resources/deployments.ts';
import { type EndpointsOptions, endpoints } from './Microsoft.Resources/endpoints.ts';
import type { MovingOptions } from './Microsoft.Resources/moveResources.ts';
import { operationResults } from './Microsoft.Resources/operationresults.ts';
import { resourcesOperations } from './Microsoft.Resources/operations.ts';
import type { DescribedType } from './Microsoft.Resources/provider-document.ts';
import { providers } from './Microsoft.Resources/providers.ts';
import { resourceGroups } from './Microsoft.Resources/resourceGroups.ts';
import { resources } from './Microsoft.Resources/resources.ts';
import { subscriptions } from './Microsoft.Resources/subscriptions.ts';
import { tagNames } from './Microsoft.Resources/tagNames.ts';
import { tags } from './Microsoft.Resources/tags.ts';
import { tenants } from './Microsoft.Resources/tenants.ts';
import { aliases } from './Microsoft.Subscription/aliases.ts';
import { nameAvailability } from './Microsoft.Web/checknameavailability.ts';
import { publishingPolicies } from './Microsoft.Web/publishing-policies.ts';
import { serverfarms } from './Microsoft.Web/serverfarms.ts';
import { siteConfig } from './Microsoft.Web/site-config.ts';
import { type SiteDependencies, sites, slots } from './Microsoft.Web/sites.ts';
import { webAppStacks } from './Microsoft.Web/stacks.ts';

export interface ProvidersOptions
  extends SiteDependencies,
    VaultsOptions,
    EndpointsOptions,
    SigningKeysOptions,
    RevokeTokensOptions,
    BatchOptions,
    DeploymentsOptions,
    MovingOptions {
  readonly issueJoinToken: IssueJoinToken;
}

const allServed = new WeakMap<object, readonly KnownType[]>();

/** The types with a provider of their own, and those that are kept as records. */
function served(own: readonly ResourceType[]): readonly KnownType[] {
  const known = allServed.get(own) ?? [...own, ...recordedTypes(own)];
  allServed.set(own, known);
  return known;
}

/** Every resource type that is served; a new one is one line. */
export function createProviders(options: ProvidersOptions): readonly ResourceType[] {
  const { database, operations, randomness, issueJoinToken } = options;
  const types: readonly ResourceType[] = [
    endpoints(options),
    tenants(database),
    subscriptions(database),
    resourceGroups(database, operations),
    resources({ ...options, served: () => served(types) }),
    tags(database),
    tagNames(database),
    providers(database, () => [...types, ...recordedTypes(types).map(described)]),
    operationResults(operations),
    resourcesOperations(() => types),
    batch(options),
    checkResourceName(),
    deployments(options, () => served(types)),
    aliases(database, randomness),
    roleDefinitions(),
    roleAssignments(database),
    locks(database),
    managementGroups(database),
    subscriptionsOfGroups(database),
    virtualMachines(options),
    virtualMachineExtensions(options),
    virtualMachineScaleSets(options),
    scaleSetInstances(options),
    computeOperations(operations),
    skus(),
    vmSizes(),
    publishers(),
    ...virtualNetworks(options),
    ...networkSecurityGroups(options),
    ...loadBalancers(options),
    publicIPAddresses(options),
    networkInterfaces(options),
    networkOperations(operations),
    sites(options),
    slots(options),
    siteConfig(options, 'sites'),
    siteConfig(options, 'sites/slots'),
    publishingPolicies(options, 'sites'),
    publishingPolicies(options, 'sites/slots'),
    serverfarms(options),
    nameAvailability(database),
    webAppStacks(),
    containerGroups(options),
    containerOperations(operations),
    containerApps(options),
    managedEnvironments(options),
    appOperations(operations),
    ...hybridMachines(options),
    hybridOperations(operations),
    vaults(options, options),
    identityOperations(),
    systemAssignedIdentities(database, options.profile),
    userAssignedIdentities(options),
    federatedIdentityCredentials(options),
    joinTokens(database, issueJoinToken),
    signingKeys(options),
    signingKeyRotation(options),
    tokenRevocation(options),
  ];
  return types;
}

/** Every other type that Azure has, kept as a record. */
export function furtherTypes(options: TrackedDependencies, own: readonly ResourceType[]): FurtherTypes {
  return createFurtherTypes({ ...options, own });
}

function described({ location, ...facts }: ReturnType<typeof recordedTypes>[number]): DescribedType {
  return { ...facts, tracked: location !== 'none', identity: identitySupportOf(fullType(facts)) };
}
