import { asJsonObject, type JsonObject } from '../../../contract/arm.ts';
import { appResourceSchema, containerAppNamePattern } from '../../../contract/Microsoft.App.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { findByReference } from '../../resource-manager/holding.ts';
import { mergePatch, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import { resourceAction } from '../../resource-manager/polled-action.ts';
import type { Operation, ResourceType } from '../../resource-manager/provider.ts';
import type { ResourceSecrets } from '../../resource-manager/resource-secrets.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { answerWith, requireResource } from '../../resource-manager/tracked-answer.ts';
import { collectionPath, trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDeclaration, TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { appApiVersions } from './api-versions.ts';
import { listSecrets, withoutValues, writeSecrets } from './app-secrets.ts';
import { defaultDomain } from './managedEnvironments.ts';

const namespace = 'Microsoft.App';
const type = 'containerApps';

const readOnly = [
  'provisioningState',
  'runningStatus',
  'latestRevisionName',
  'latestReadyRevisionName',
  'latestRevisionFqdn',
  'customDomainVerificationId',
  'outboundIpAddresses',
  'eventStreamEndpoint',
  'configuration.ingress.fqdn',
];

export interface ContainerAppDependencies extends TrackedDependencies {
  readonly secrets: ResourceSecrets;
}

/** Container apps. Their secrets are sealed; an answer has their names, `listSecrets` their values. */
export function containerApps(dependencies: ContainerAppDependencies): ResourceType {
  const { secrets } = dependencies;
  const declaration: TrackedDeclaration = {
    ...{ namespace, type, apiVersions: appApiVersions },
    put: appResourceSchema,
    patch: appResourceSchema,
    extraMembers: ['kind', 'managedBy', 'extendedLocation'],
    statusOfNew: 201,
    creation: 'polled',
    deletion: 'polled',
    entityTags: false,
    systemData: true,
    requireName(name) {
      if (containerAppNamePattern.test(name)) return;
      const rule = 'it has 2 to 32 lower-case letters, digits and inner hyphens, a letter first';
      throw invalidResourceName(`${namespace}/${type}`, name, rule);
    },
    replace(sent) {
      const properties = withoutValues(withoutNulls(kept(sent)));
      const configuration = { activeRevisionsMode: 'Single', ...asJsonObject(properties['configuration']) };
      return { ...properties, configuration };
    },
    merge: (sent, { existing }) => mergePatch(existing.properties, withoutValues(kept(sent))),
    settle: nameIngress,
    written: (transaction, resource, sent) =>
      writeSecrets(transaction, secrets, resource, (sent ?? {}) as JsonObject),
    present,
  };
  const more = [...actions(dependencies, declaration), secretsOperation(dependencies)];
  return trackedResource({ ...declaration, more }, dependencies);
}

function kept(sent: object | null | undefined): JsonObject {
  return without((sent ?? {}) as JsonObject, readOnly);
}

/** An app with an ingress has a name in the domain of its environment. */
async function nameIngress(transaction: Transaction, app: Resource): Promise<Resource> {
  const { properties, tenantId, name } = app;
  const configuration = asJsonObject(properties['configuration']) ?? {};
  const ingress = asJsonObject(configuration['ingress']);
  const id = properties['environmentId'] ?? properties['managedEnvironmentId'];
  const environment = await findByReference(transaction, tenantId, id);
  if (ingress === undefined || environment?.type !== 'Microsoft.App/managedEnvironments') return app;
  const inside = ingress['external'] === true ? '' : '.internal';
  const fqdn = `${name}${inside}.${defaultDomain(environment)}`;
  return {
    ...app,
    properties: { ...properties, configuration: { ...configuration, ingress: { ...ingress, fqdn } } },
  };
}

function present({ properties, provisioningState, state, name, version }: Resource): JsonObject {
  const template = asJsonObject(properties['template']);
  const suffix = template?.['revisionSuffix'];
  const revision = `${name}--${typeof suffix === 'string' && suffix !== '' ? suffix : `rev${version}`}`;
  const fqdn = asJsonObject(asJsonObject(properties['configuration'])?.['ingress'])?.['fqdn'];
  return {
    ...properties,
    provisioningState,
    runningStatus: state['stopped'] === true ? 'Stopped' : 'Running',
    latestRevisionName: revision,
    latestReadyRevisionName: revision,
    latestRevisionFqdn: typeof fqdn === 'string' ? fqdn.replace(name, revision) : '',
    outboundIpAddresses: [],
  };
}

function actions(dependencies: TrackedDependencies, declaration: TrackedDeclaration): readonly Operation[] {
  return (['start', 'stop'] as const).map((name) =>
    resourceAction(dependencies, {
      item: `${collectionPath({ namespace, type })}/{name}`,
      ...{ namespace, type: `${namespace}/${type}`, name },
      change: ({ state }) => ({ ...state, stopped: name === 'stop' }),
      answer: (queries, app, context) => answerWith({ declaration }, queries, context, app, 200),
    }),
  );
}

function secretsOperation(dependencies: ContainerAppDependencies): Operation {
  return {
    method: 'POST',
    path: `${collectionPath({ namespace, type })}/{name}/listSecrets`,
    action: `${namespace}/${type}/listSecrets/action`,
    async run(context) {
      const app = await requireResource({ dependencies }, context);
      const value = await listSecrets(dependencies.secrets, dependencies.database.read, app);
      return { status: 200, body: { value } };
    },
  };
}
