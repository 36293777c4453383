import { ArmError } from '../../http/dialects/arm.ts';
import {
  type Answer,
  type OperationContext,
  parameter,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import {
  isRegistrationFree,
  register,
  unregister,
  unregisteredNamespaces,
} from '../../resource-manager/registration.ts';
import type { Database } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';
import { type DescribedNamespace, type DescribedType, describeNamespaces } from './provider-document.ts';

const namespaceParameter = '{resourceProviderNamespace}';
const ofSubscription = '/subscriptions/{subscriptionId}/providers';

/**
 * What is served, as provider documents tell it (`spec/resource-manager.md` a.10): clients without a version of their
 * own pick the newest from here. A subscription has every namespace, less those that it was made to do without.
 *
 * @param served every type, this one included, once the registry is made
 */
export function providers(database: Database, served: () => readonly DescribedType[]): ResourceType {
  // what is served does not change while a server runs
  let described: ReadonlyMap<string, DescribedNamespace> | undefined;
  const namespaces = () => {
    described ??= describeNamespaces(served());
    return described;
  };
  const find = (context: OperationContext): DescribedNamespace => {
    const asked = parameter(context, 'resourceProviderNamespace');
    const namespace = namespaces().get(asked.toLowerCase());
    if (namespace !== undefined) return namespace;
    throw new ArmError(
      'not-found',
      'InvalidResourceNamespace',
      `The resource namespace '${asked}' is invalid.`,
    );
  };
  const one = async (context: OperationContext) => {
    const namespace = find(context);
    return answer(namespace, context, await stateOf(database, context, namespace));
  };
  return {
    namespace: 'Microsoft.Resources',
    type: 'providers',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/providers',
        action: 'Microsoft.Resources/providers/read',
        run: async (context) => ({
          status: 200,
          body: { value: [...namespaces().values()].map((each) => document(each, context, undefined)) },
        }),
      },
      {
        method: 'GET',
        path: `/providers/${namespaceParameter}`,
        action: 'Microsoft.Resources/providers/read',
        run: async (context) => answer(find(context), context, undefined),
      },
      {
        method: 'GET',
        path: ofSubscription,
        action: 'Microsoft.Resources/subscriptions/providers/read',
        async run(context) {
          const without = await unregisteredNamespaces(database.read, subscriptionOfContext(context));
          const value = [...namespaces().values()].map((each) =>
            document(
              each,
              context,
              without.has(each.namespace.toLowerCase()) ? 'Unregistered' : 'Registered',
            ),
          );
          return { status: 200, body: { value } };
        },
      },
      {
        method: 'GET',
        path: `${ofSubscription}/${namespaceParameter}`,
        action: 'Microsoft.Resources/subscriptions/providers/read',
        run: one,
      },
      {
        method: 'GET',
        path: `${ofSubscription}/${namespaceParameter}/resourceTypes`,
        action: 'Microsoft.Resources/subscriptions/providers/read',
        run: async (context) => ({ status: 200, body: { value: find(context).resourceTypes } }),
      },
      {
        // applications of a provider that act in a subscription: there are none
        method: 'GET',
        path: `${ofSubscription}/${namespaceParameter}/providerPermissions`,
        action: 'Microsoft.Resources/subscriptions/providers/read',
        async run(context) {
          find(context);
          return { status: 200, body: { value: [] } };
        },
      },
      {
        method: 'POST',
        path: `${ofSubscription}/${namespaceParameter}/register`,
        action: `${namespaceParameter}/register/action`,
        async run(context) {
          const namespace = find(context);
          const subscription = subscriptionOfContext(context);
          const changed = await database.transaction((transaction) =>
            register(transaction, subscription, namespace.namespace),
          );
          // in effect already; clients ask again until they read so
          return answer(namespace, context, changed ? 'Registering' : 'Registered');
        },
      },
      {
        method: 'POST',
        path: `${ofSubscription}/${namespaceParameter}/unregister`,
        action: `${namespaceParameter}/unregister/action`,
        async run(context) {
          const namespace = find(context);
          if (isRegistrationFree(namespace.namespace)) return await one(context);
          const subscription = subscriptionOfContext(context);
          await database.transaction((transaction) =>
            unregister(transaction, subscription, namespace.namespace, context.at),
          );
          return answer(namespace, context, 'Unregistering');
        },
      },
    ],
  };
}

type RegistrationState = 'Registering' | 'Registered' | 'Unregistering' | 'Unregistered';

async function stateOf(
  database: Database,
  context: OperationContext,
  { namespace }: DescribedNamespace,
): Promise<RegistrationState> {
  const without = await unregisteredNamespaces(database.read, subscriptionOfContext(context));
  return without.has(namespace.toLowerCase()) ? 'Unregistered' : 'Registered';
}

function answer(
  namespace: DescribedNamespace,
  context: OperationContext,
  state: RegistrationState | undefined,
): Answer {
  return { status: 200, body: document(namespace, context, state) };
}

/** A tenant has no state of registration: subscriptions have. */
function document(
  { namespace, resourceTypes }: DescribedNamespace,
  { subscription }: Pick<OperationContext, 'subscription'>,
  registrationState: RegistrationState | undefined,
): object {
  const place = subscription === undefined ? '' : `/subscriptions/${subscription.subscriptionId}`;
  return {
    id: `${place}/providers/${namespace}`,
    namespace,
    resourceTypes,
    ...(registrationState === undefined ? {} : { registrationState }),
    registrationPolicy: isRegistrationFree(namespace) ? 'RegistrationFree' : 'RegistrationRequired',
  };
}
