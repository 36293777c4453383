import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import { planNamePattern, siteSchema } from '../../../contract/Microsoft.Web.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch, only, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { webApiVersions } from './api-versions.ts';

const writable: ReadonlySet<string> = new Set([
  'workerTierName',
  'hostingEnvironmentProfile',
  'perSiteScaling',
  'elasticScaleEnabled',
  'maximumElasticWorkerCount',
  'isSpot',
  'reserved',
  'isXenon',
  'hyperV',
  'targetWorkerCount',
  'targetWorkerSizeId',
  'kubeEnvironmentProfile',
  'zoneRedundant',
]);

const defaults: JsonObject = {
  perSiteScaling: false,
  elasticScaleEnabled: false,
  maximumElasticWorkerCount: 1,
  isSpot: false,
  reserved: false,
  isXenon: false,
  hyperV: false,
  targetWorkerCount: 0,
  targetWorkerSizeId: 0,
  zoneRedundant: false,
};

/** Tiers by the letters that their sizes begin with. */
const tiers: readonly (readonly [RegExp, string])[] = [
  [/^FC/i, 'FlexConsumption'],
  [/^F/i, 'Free'],
  [/^D/i, 'Shared'],
  [/^B/i, 'Basic'],
  [/^S/i, 'Standard'],
  [/^P\d+m?v3/i, 'PremiumV3'],
  [/^P\d+v2/i, 'PremiumV2'],
  [/^P/i, 'Premium'],
  [/^EP/i, 'ElasticPremium'],
  [/^Y/i, 'Dynamic'],
  [/^WS/i, 'WorkflowStandard'],
  [/^I\d+v2/i, 'IsolatedV2'],
  [/^I/i, 'Isolated'],
];

/** App Service plans. */
export function serverfarms(dependencies: TrackedDependencies): ResourceType {
  return trackedResource(
    {
      namespace: 'Microsoft.Web',
      type: 'serverfarms',
      apiVersions: webApiVersions,
      put: siteSchema,
      patch: siteSchema,
      extraMembers: ['kind', 'sku', 'extendedLocation'],
      statusOfNew: 200,
      deletion: 'at-once',
      entityTags: false,
      systemData: false,
      requireName(name) {
        if (planNamePattern.test(name)) return;
        const rule = 'it has 1 to 60 letters, digits, underscores and hyphens';
        throw invalidResourceName('Microsoft.Web/serverfarms', name, rule);
      },
      envelope: ({ sku, kind, ...rest }) => ({ ...rest, kind: kind ?? 'app', sku: completedSku(sku) }),
      replace: (sent) => ({ ...defaults, ...withoutNulls(only((sent ?? {}) as JsonObject, writable)) }),
      merge: (sent, { existing }) =>
        mergePatch(existing.properties, only((sent ?? {}) as JsonObject, writable)),
      present: ({ properties, provisioningState, resourceId, subscriptionId, name, location }) => ({
        ...properties,
        name,
        ...{ status: 'Ready', provisioningState, geoRegion: location, subscription: subscriptionId },
        resourceGroup: resourceId.split('/')[4] ?? '',
      }),
    },
    dependencies,
  );
}

function completedSku(sku: JsonValue | undefined): JsonObject {
  const sent = (typeof sku === 'object' && sku !== null && !Array.isArray(sku) ? sku : {}) as JsonObject;
  const name = typeof sent['name'] === 'string' ? sent['name'] : 'F1';
  const [, tier] = tiers.find(([pattern]) => pattern.test(name)) ?? [];
  return {
    name,
    tier: tier ?? 'Standard',
    size: name,
    family: name.replace(/\d.*$/, ''),
    capacity: 1,
    ...withoutNulls(sent),
  };
}
