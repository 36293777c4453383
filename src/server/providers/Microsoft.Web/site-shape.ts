import { asJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import { siteSecretsSchema } from '../../../contract/Microsoft.Web.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { only, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';

/** What can be written of a site; the rest of what is sent back was read, and is ignored. */
const writable: ReadonlySet<string> = new Set([
  'serverFarmId',
  'reserved',
  'isXenon',
  'hyperV',
  'enabled',
  'siteConfig',
  'functionAppConfig',
  'httpsOnly',
  'clientAffinityEnabled',
  'clientCertEnabled',
  'clientCertMode',
  'clientCertExclusionPaths',
  'hostNamesDisabled',
  'scmSiteAlsoStopped',
  'containerSize',
  'dailyMemoryTimeQuota',
  'redundancyMode',
  'publicNetworkAccess',
  'storageAccountRequired',
  'keyVaultReferenceIdentity',
  'virtualNetworkSubnetId',
  'vnetRouteAllEnabled',
  'vnetImagePullEnabled',
  'vnetContentShareEnabled',
  'vnetBackupRestoreEnabled',
  'endToEndEncryptionEnabled',
  'managedEnvironmentId',
  'workloadProfileName',
  'resourceConfig',
  'daprConfig',
  'hostingEnvironmentProfile',
]);

/** Members of `siteConfig` that hold secrets: settings are kept apart, keys of storage accounts not at all. */
const secrets = [
  'appSettings',
  'connectionStrings',
  'azureStorageAccounts',
  'machineKey',
  'metadata',
  'publishingUsername',
  'publishingPassword',
];

const defaults: JsonObject = {
  enabled: true,
  reserved: false,
  isXenon: false,
  hyperV: false,
  httpsOnly: false,
  clientAffinityEnabled: true,
  clientCertEnabled: false,
  clientCertMode: 'Required',
  hostNamesDisabled: false,
  scmSiteAlsoStopped: false,
  containerSize: 0,
  dailyMemoryTimeQuota: 0,
  redundancyMode: 'None',
  storageAccountRequired: false,
  keyVaultReferenceIdentity: 'SystemAssigned',
};

const configDefaults: JsonObject = {
  numberOfWorkers: 1,
  alwaysOn: false,
  http20Enabled: false,
  acrUseManagedIdentityCreds: false,
  linuxFxVersion: '',
  functionAppScaleLimit: 0,
  minimumElasticInstanceCount: 0,
};

/** The properties to store of a PUT; its configuration stays as it is where none is sent. */
export function storedSite(sent: JsonObject, existing: JsonObject | undefined): JsonObject {
  const kept = withoutNulls(writtenOf(sent));
  const config = {
    ...configDefaults,
    ...asJsonObject(existing?.['siteConfig']),
    ...asJsonObject(kept['siteConfig']),
  };
  return { ...defaults, ...kept, siteConfig: config };
}

/** The properties that a PATCH changes; null takes away. */
export function writtenOf(sent: JsonObject): JsonObject {
  const kept = only(sent, writable);
  const config = asJsonObject(kept['siteConfig']);
  return config === undefined ? kept : { ...kept, siteConfig: configOf(config) };
}

/** A configuration less its secrets. */
export function configOf(sent: JsonObject): JsonObject {
  return without(sent, secrets);
}

/** Settings that come with a site. */
export interface SiteSecrets {
  /** Name to value; absent where they are not sent. */
  readonly appsettings?: Readonly<Record<string, string>>;
  /** Name to `{value, type}` as JSON. */
  readonly connectionstrings?: Readonly<Record<string, string>>;
}

/** @throws ArmError `BadRequest` */
export function secretsOf(config: JsonValue | undefined): SiteSecrets {
  const parsed = siteSecretsSchema.safeParse(config ?? {});
  if (!parsed.success) {
    throw new ArmError(
      'invalid-value',
      'BadRequest',
      "The parameter 'siteConfig' has an invalid value: 'appSettings' and 'connectionStrings' are lists of up to 1000 objects with names.",
      { refusedBy: 'service' },
    );
  }
  const { appSettings, connectionStrings } = parsed.data;
  return {
    ...(appSettings == null
      ? {}
      : { appsettings: Object.fromEntries(appSettings.map(({ name, value }) => [name, value ?? ''])) }),
    ...(connectionStrings == null
      ? {}
      : {
          connectionstrings: Object.fromEntries(
            connectionStrings.map(({ name, connectionString, type }) => [
              name,
              JSON.stringify({ value: connectionString ?? '', type: type ?? 'Custom' }),
            ]),
          ),
        }),
  };
}

/** What a site shows; `host` is the first label of its names: the site's own, or with the slot's behind a hyphen. */
export function presentSite(resource: Resource, host: string): JsonObject {
  const { properties, state, changedAt, resourceId } = resource;
  const defaultHostName = `${host}.azurewebsites.net`;
  const scm = `${host}.scm.azurewebsites.net`;
  const ssl = (name: string, hostType: string) => ({ name, sslState: 'Disabled', hostType });
  return {
    name: host,
    state: state['stopped'] === true ? 'Stopped' : 'Running',
    hostNames: [defaultHostName],
    defaultHostName,
    enabledHostNames: [defaultHostName, scm],
    hostNameSslStates: [ssl(defaultHostName, 'Standard'), ssl(scm, 'Repository')],
    repositorySiteName: host,
    serverFarmId: null,
    sku: state['tier'] ?? 'Standard',
    usageState: 'Normal',
    availabilityState: 'Normal',
    lastModifiedTimeUtc: new Date(changedAt).toISOString(),
    resourceGroup: resourceId.split('/')[4] ?? '',
    ...properties,
  };
}

/** The whole configuration, as `config/web` shows it. */
export function presentConfig({ properties }: Pick<Resource, 'properties'>): JsonObject {
  return { ...configDefaults, ...asJsonObject(properties['siteConfig']) };
}
