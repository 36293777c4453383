import { asJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import {
  containerGroupNamePattern,
  containerGroupPatchSchema,
  containerGroupSchema,
} from '../../../contract/Microsoft.ContainerInstance.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import { resourceAction } from '../../resource-manager/polled-action.ts';
import type { Operation, ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { collectionPath, trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { documentationAddress } from '../documentation-address.ts';
import { containerApiVersions } from './api-versions.ts';
import { groupView, presentContainer, restarted, started } from './container-state.ts';

const namespace = 'Microsoft.ContainerInstance';
const type = 'containerGroups';

/** Azure takes these and never shows them again; Innate does not even keep them. */
const secrets = [
  'containers.*.properties.environmentVariables.*.secureValue',
  'initContainers.*.properties.environmentVariables.*.secureValue',
  'imageRegistryCredentials.*.password',
  'volumes.*.azureFile.storageAccountKey',
  // of a volume of secrets, only that it is one is kept
  'volumes.*.secret.*',
  'diagnostics.logAnalytics.workspaceKey',
  'extensions.*.properties.protectedSettings',
];

const readOnly = [
  'provisioningState',
  'instanceView',
  'containers.*.properties.instanceView',
  'initContainers.*.properties.instanceView',
  'ipAddress.ip',
  'ipAddress.fqdn',
];

/** Groups of containers. None is started: the group says of itself that it runs. */
export function containerGroups(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      ...{ namespace, type, apiVersions: containerApiVersions },
      put: containerGroupSchema,
      patch: containerGroupPatchSchema,
      extraMembers: ['zones'],
      statusOfNew: 201,
      deletion: 'at-once',
      entityTags: false,
      systemData: false,
      requireName(name) {
        if (containerGroupNamePattern.test(name)) return;
        const rule = 'it has 1 to 63 lower-case letters, digits and single inner hyphens';
        throw invalidResourceName(`${namespace}/${type}`, name, rule);
      },
      replace: (sent) => stored(sent as JsonObject),
      merge: (_sent, { existing }) => existing.properties,
      present,
      more: actions(dependencies),
    },
    dependencies,
  );
}

function stored(sent: JsonObject): JsonObject {
  const kept = withoutNulls(without(sent, [...secrets, ...readOnly]));
  const completed = (container: JsonObject) => ({
    ...container,
    properties: { environmentVariables: [], ports: [], ...asJsonObject(container['properties']) },
  });
  return {
    sku: 'Standard',
    osType: 'Linux',
    restartPolicy: 'Always',
    initContainers: [],
    ...kept,
    containers: list(kept['containers']).map(completed),
  };
}

function present(resource: Resource): JsonObject {
  const { properties, provisioningState } = resource;
  return {
    ...properties,
    provisioningState,
    provisioningTimeoutInSeconds: 1800,
    isCustomProvisioningTimeout: false,
    containers: list(properties['containers']).map((each) => presentContainer(each, resource)),
    instanceView: groupView(resource),
    ...presentAddress(resource),
  };
}

function presentAddress({ properties, resourceId, location }: Resource): JsonObject {
  const address = asJsonObject(properties['ipAddress']);
  if (address === undefined) return {};
  const label = address['dnsNameLabel'];
  return {
    ipAddress: {
      ...address,
      ip: /^private$/i.test(String(address['type'])) ? '10.0.0.4' : documentationAddress(resourceId),
      ...(typeof label === 'string' ? { fqdn: `${label.toLowerCase()}.${location}.azurecontainer.io` } : {}),
    },
  };
}

function actions(dependencies: TrackedDependencies): readonly Operation[] {
  const place = {
    item: `${collectionPath({ namespace, type })}/{name}`,
    namespace,
    type: `${namespace}/${type}`,
  };
  return [
    resourceAction(dependencies, {
      ...place,
      ...{ name: 'start', answer: 'polled' },
      change: ({ state }, { at }) => started(state, at),
    }),
    resourceAction(dependencies, {
      ...place,
      ...{ name: 'stop', answer: 204 },
      change: ({ state }, { at }) => ({ ...state, stoppedAt: at }),
    }),
    resourceAction(dependencies, {
      ...place,
      ...{ name: 'restart', answer: 204 },
      change: ({ state }, { at }) => restarted(state, at),
    }),
  ];
}

function list(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
