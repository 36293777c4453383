import type { CloudProfile } from '../../../contract/cloud-profile.ts';

/** Names of services that a deployment has not, in the members of a cloud's description (a.13). */
export interface OtherServices {
  readonly [service: string]: unknown;
  readonly suffixes: Readonly<Record<string, string>>;
}

/**
 * Tools look for these before they do anything: `az` stops at the first that is missing, Terraform builds an authorizer
 * for each. Under the azure profile they are Azure's own; under names of one's own they are names in that domain, which
 * nobody answers.
 */
export function otherServices(profile: CloudProfile): OtherServices {
  return profile.kind === 'azure' ? ofAzure : ofDomain(profile.vaultSuffix.replace(/^vault\./, ''));
}

const ofAzure: OtherServices = {
  sqlManagement: 'https://management.core.windows.net:8443/',
  batch: 'https://batch.core.windows.net/',
  media: 'https://rest.media.azure.net',
  activeDirectoryDataLake: 'https://datalake.azure.net/',
  vmImageAliasDoc:
    'https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json',
  appInsightsResourceId: 'https://api.applicationinsights.io',
  appInsightsTelemetryChannelResourceId: 'https://dc.applicationinsights.azure.com/v2/track',
  logAnalyticsResourceId: 'https://api.loganalytics.io',
  attestationResourceId: 'https://attest.azure.net',
  synapseAnalyticsResourceId: 'https://dev.azuresynapse.net',
  ossrDbmsResourceId: 'https://ossrdbms-aad.database.windows.net',
  suffixes: {
    storage: 'core.windows.net',
    acrLoginServer: 'azurecr.io',
    sqlServerHostname: 'database.windows.net',
    mhsmDns: 'managedhsm.azure.net',
    azureDataLakeStoreFileSystem: 'azuredatalakestore.net',
    azureDataLakeAnalyticsCatalogAndJob: 'azuredatalakeanalytics.net',
    azureFrontDoorEndpointSuffix: 'azurefd.net',
    storageSyncEndpointSuffix: 'afs.azure.net',
    mysqlServerEndpoint: 'mysql.database.azure.com',
    postgresqlServerEndpoint: 'postgres.database.azure.com',
    mariadbServerEndpoint: 'mariadb.database.azure.com',
    synapseAnalytics: 'dev.azuresynapse.net',
    attestationEndpoint: 'attest.azure.net',
  },
};

function ofDomain(domain: string): OtherServices {
  const service = (name: string) => `https://${name}.${domain}/`;
  return {
    sqlManagement: service('sql'),
    batch: service('batch'),
    media: service('media'),
    activeDirectoryDataLake: service('datalake'),
    vmImageAliasDoc: service('images'),
    appInsightsResourceId: service('insights'),
    appInsightsTelemetryChannelResourceId: service('telemetry'),
    logAnalyticsResourceId: service('logs'),
    attestationResourceId: service('attest'),
    synapseAnalyticsResourceId: service('synapse'),
    ossrDbmsResourceId: service('databases'),
    suffixes: {
      storage: `storage.${domain}`,
      acrLoginServer: `registry.${domain}`,
      sqlServerHostname: `sql.${domain}`,
      mhsmDns: `hsm.${domain}`,
      azureDataLakeStoreFileSystem: `datalakestore.${domain}`,
      azureDataLakeAnalyticsCatalogAndJob: `datalakeanalytics.${domain}`,
      azureFrontDoorEndpointSuffix: `frontdoor.${domain}`,
      storageSyncEndpointSuffix: `storagesync.${domain}`,
      mysqlServerEndpoint: `mysql.${domain}`,
      postgresqlServerEndpoint: `postgres.${domain}`,
      mariadbServerEndpoint: `mariadb.${domain}`,
      synapseAnalytics: `synapse.${domain}`,
      attestationEndpoint: `attest.${domain}`,
    },
  };
}
