import type { JsonObject } from '../../../contract/arm.ts';
import { appResourceSchema, environmentNamePattern } from '../../../contract/Microsoft.App.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { documentationAddress } from '../documentation-address.ts';
import { appApiVersions } from './api-versions.ts';

/** Azure takes these and never shows them again; Innate does not even keep them. */
const secrets = [
  'appLogsConfiguration.logAnalyticsConfiguration.sharedKey',
  'customDomainConfiguration.certificateValue',
  'customDomainConfiguration.certificatePassword',
  'daprAIInstrumentationKey',
  'daprAIConnectionString',
  'appInsightsConfiguration.connectionString',
  'openTelemetryConfiguration.destinationsConfiguration.dataDogConfiguration.key',
  'openTelemetryConfiguration.destinationsConfiguration.otlpConfigurations.*.headers.*.value',
];

const readOnly = ['provisioningState', 'defaultDomain', 'staticIp', 'deploymentErrors', 'label'];

/** What container apps run in. */
export function managedEnvironments(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.App',
      type: 'managedEnvironments',
      apiVersions: appApiVersions,
      put: appResourceSchema,
      patch: appResourceSchema,
      extraMembers: ['kind'],
      statusOfNew: 201,
      creation: 'polled',
      deletion: 'polled',
      entityTags: false,
      systemData: true,
      requireName(name) {
        if (environmentNamePattern.test(name)) return;
        const rule = 'it has 2 to 60 letters, digits and inner hyphens, a letter first';
        throw invalidResourceName('Microsoft.App/managedEnvironments', name, rule);
      },
      replace(sent, { existing, randomness }) {
        const label = existing?.properties['label'] ?? randomness.uuid().slice(0, 8);
        return { zoneRedundant: false, ...withoutNulls(kept(sent)), label };
      },
      merge: (sent, { existing }) => mergePatch(existing.properties, kept(sent)),
      present(resource) {
        const { label: _label, ...properties } = resource.properties;
        return {
          ...properties,
          provisioningState: resource.provisioningState,
          defaultDomain: defaultDomain(resource),
          staticIp: documentationAddress(resource.resourceId),
        };
      },
    },
    dependencies,
  );
}

function kept(sent: object | null | undefined): JsonObject {
  return without((sent ?? {}) as JsonObject, [...secrets, ...readOnly]);
}

/** The domain in which an environment's apps have their names. */
export function defaultDomain({ properties, location }: Pick<Resource, 'properties' | 'location'>): string {
  return `innate-${String(properties['label'])}.${location}.azurecontainerapps.io`;
}
