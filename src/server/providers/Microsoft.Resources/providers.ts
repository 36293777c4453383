import { ArmError } from '../../http/dialects/arm.ts';
import { fullType } from '../../resource-manager/operation-registry.ts';
import {
  type Answer,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { regions } from '../../resource-manager/regions.ts';
import { resourcesApiVersions } from './api-versions.ts';

/** Namespaces that need no registration anywhere. */
const registrationFree = new Set([
  'Microsoft.Resources',
  'Microsoft.Authorization',
  'Microsoft.Subscription',
]);

/**
 * What is served, as provider documents tell it (`spec/resource-manager.md` a.10): clients without a version of their
 * own pick the newest from here. All namespaces are registered in every subscription.
 *
 * @param served the types of the whole registry, this one included, once it is made
 */
export function providers(served: () => readonly ResourceType[]): ResourceType {
  const namespaceParameter = '{resourceProviderNamespace}';
  const ofSubscription = '/subscriptions/{subscriptionId}/providers';
  const one = (context: OperationContext) => documentAnswer(served(), context);
  const all = (context: OperationContext) => listAnswer(served(), context);
  return {
    namespace: 'Microsoft.Resources',
    type: 'providers',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      { method: 'GET', path: '/providers', action: 'Microsoft.Resources/providers/read', run: all },
      {
        method: 'GET',
        path: `/providers/${namespaceParameter}`,
        action: 'Microsoft.Resources/providers/read',
        run: one,
      },
      {
        method: 'GET',
        path: ofSubscription,
        action: 'Microsoft.Resources/subscriptions/providers/read',
        run: all,
      },
      {
        method: 'GET',
        path: `${ofSubscription}/${namespaceParameter}`,
        action: 'Microsoft.Resources/subscriptions/providers/read',
        run: one,
      },
      {
        method: 'POST',
        path: `${ofSubscription}/${namespaceParameter}/register`,
        action: `${namespaceParameter}/register/action`,
        run: one,
      },
      {
        method: 'POST',
        path: `${ofSubscription}/${namespaceParameter}/unregister`,
        action: `${namespaceParameter}/unregister/action`,
        run: one,
      },
    ],
  };
}

async function listAnswer(served: readonly ResourceType[], context: OperationContext): Promise<Answer> {
  const namespaces = [...new Set(served.map(({ namespace }) => namespace))].sort();
  return {
    status: 200,
    body: { value: namespaces.map((namespace) => document(served, namespace, context)) },
  };
}

async function documentAnswer(served: readonly ResourceType[], context: OperationContext): Promise<Answer> {
  const asked = parameter(context, 'resourceProviderNamespace');
  const namespace = served.find((type) => type.namespace.toLowerCase() === asked.toLowerCase())?.namespace;
  if (namespace === undefined) {
    throw new ArmError(
      'not-found',
      'InvalidResourceNamespace',
      `The resource namespace '${asked}' is invalid.`,
    );
  }
  return { status: 200, body: document(served, namespace, context) };
}

function document(
  served: readonly ResourceType[],
  namespace: string,
  { subscription }: Pick<OperationContext, 'subscription'>,
): object {
  const place = subscription === undefined ? '' : `/subscriptions/${subscription.subscriptionId}`;
  const types = served.filter((type) => type.namespace === namespace);
  return {
    id: `${place}/providers/${namespace}`,
    namespace,
    resourceTypes: types.map(describe),
    registrationState: 'Registered',
    registrationPolicy: registrationFree.has(namespace) ? 'RegistrationFree' : 'RegistrationRequired',
  };
}

const physicalRegions = regions.filter(({ physical }) => physical).map(({ displayName }) => displayName);

function describe(type: ResourceType): object {
  const newestFirst = [...type.apiVersions].sort().reverse();
  const stable = newestFirst.find((version) => /^\d{4}-\d{2}-\d{2}$/.test(version));
  return {
    resourceType: type.type,
    locations: type.tracked || fullType(type) === 'Microsoft.Resources/resourceGroups' ? physicalRegions : [],
    apiVersions: newestFirst,
    ...(stable === undefined ? {} : { defaultApiVersion: stable }),
    capabilities: capabilities(type),
  };
}

function capabilities(type: ResourceType): string {
  const identity = type.identity?.systemAssigned ? ['SystemAssignedResourceIdentity'] : [];
  const tracked = type.tracked ? ['SupportsTags', 'SupportsLocation'] : [];
  const all = [...identity, ...tracked];
  return all.length === 0 ? 'None' : all.join(', ');
}
