import { graphAppId } from '../http/dialects/graph.ts';

/** What resource providers ask for the credentials of identities. */
export const identityServiceAppId = 'b7c5d1f2-6a0e-4f39-9d7c-3e8a51c04b96';

/** A resource that tokens can be asked for (d.5). */
export interface FirstPartyResource {
  readonly name: string;
  readonly appId: string;
  /** Identifiers without trailing slash; a host label `*` stands for one label of any name. */
  readonly identifiers: readonly string[];
  /** Which shape of tokens it takes; v1 unless told. */
  readonly version?: 'v1' | 'v2';
}

/** The resources every tenant knows (`spec/token-service-and-directory.md` d.5). */
export const firstPartyResources: readonly FirstPartyResource[] = [
  {
    name: 'Azure Resource Manager',
    appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013',
    identifiers: ['https://management.azure.com', 'https://management.core.windows.net'],
  },
  { name: 'Microsoft Graph', appId: graphAppId, identifiers: ['https://graph.microsoft.com'] },
  {
    name: 'AAD Graph',
    appId: '00000002-0000-0000-c000-000000000000',
    identifiers: ['https://graph.windows.net'],
  },
  {
    name: 'Key Vault',
    appId: 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
    identifiers: ['https://vault.azure.net'],
  },
  {
    // Azure's application id is not public: this one is ours
    name: 'Managed identity credentials',
    appId: identityServiceAppId,
    identifiers: ['https://identity.azure.net'],
  },
  {
    name: 'Managed HSM',
    appId: '1341df96-0b28-43da-ba24-7a6ce39be816',
    identifiers: ['https://managedhsm.azure.net'],
  },
  {
    name: 'Storage',
    appId: 'e406a681-f3d4-42a8-90b6-c2b029497af1',
    identifiers: ['https://storage.azure.com', 'https://*.blob.core.windows.net'],
  },
  {
    name: 'Azure SQL',
    appId: '022907d3-0f1b-48f7-badc-1ba6abab6d66',
    identifiers: ['https://database.windows.net'],
  },
  {
    name: 'OSS RDBMS',
    appId: '123cd850-d9df-40bd-94d5-c9f07b7fa203',
    identifiers: ['https://ossrdbms-aad.database.windows.net'],
  },
  { name: 'PostgreSQL flexible server', appId: '5657e26c-cc92-45d9-bc47-9da6cfdb4ed9', identifiers: [] },
  {
    name: 'Service Bus',
    appId: '80a10ef9-8168-493d-abf9-3297c4ef6e3c',
    identifiers: ['https://servicebus.azure.net'],
  },
  {
    name: 'Event Hubs',
    appId: '80369ed6-5f11-4dd9-bef3-692475845e77',
    identifiers: ['https://eventhubs.azure.net'],
  },
  {
    name: 'Cosmos DB',
    appId: 'a232010e-820c-4083-83bb-3ace5fc29d0b',
    identifiers: ['https://cosmos.azure.com', 'https://*.documents.azure.com'],
  },
  {
    name: 'Container Registry',
    appId: '6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26',
    identifiers: ['https://containerregistry.azure.net'],
  },
  { name: 'AKS AAD server', appId: '6dae42f8-4368-4678-94ff-3960e28e3630', identifiers: [] },
  {
    name: 'App Configuration',
    appId: '35ffadb3-7fc1-497e-b61b-381d28e744cc',
    identifiers: ['https://azconfig.io'],
  },
  {
    name: 'Log Analytics',
    appId: 'ca7f3f0b-7d91-482c-8e09-c5d840d0eac5',
    identifiers: ['https://api.loganalytics.io'],
  },
  {
    name: 'App Insights',
    appId: 'f5c26e74-f226-4ae8-85f0-b4af0080ac9e',
    identifiers: ['https://api.applicationinsights.io'],
  },
  {
    name: 'Azure Monitor',
    appId: 'e933bd07-d2ee-4f1d-933c-3752b819567b',
    identifiers: ['https://monitor.azure.com'],
  },
  {
    name: 'Cognitive Services',
    appId: '7d312290-28c8-473c-a0ed-8e53749b6d6d',
    identifiers: ['https://cognitiveservices.azure.com'],
  },
  {
    name: 'Batch',
    appId: 'ddbf3205-c6bd-46ae-8127-60eb93363864',
    identifiers: ['https://batch.core.windows.net'],
  },
  {
    name: 'Data Lake',
    appId: 'e9f49c6b-5ce5-44c8-925d-015017e9f7ad',
    identifiers: ['https://datalake.azure.net'],
  },
  {
    name: 'Synapse',
    appId: '9e09aefc-b2e5-4d19-9f74-3e3e8b11a57b',
    identifiers: ['https://dev.azuresynapse.net'],
  },
  { name: 'Databricks', appId: '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d', identifiers: [] },
  { name: 'Azure DevOps', appId: '499b84ac-1321-427f-aa17-267ca6975798', identifiers: [] },
  {
    name: 'AI Search',
    appId: '880da380-985e-4198-81b9-e05b1cc53158',
    identifiers: ['https://search.azure.com'],
  },
  {
    name: 'Data Explorer',
    appId: '2746ea77-4702-4b45-80ca-3c97e680e8b7',
    identifiers: ['https://kusto.kusto.windows.net'],
  },
  {
    name: 'Attestation',
    appId: 'c61423b7-1d1f-430d-b444-0eee53298103',
    identifiers: ['https://attest.azure.net'],
  },
  {
    name: 'Purview',
    appId: '73c2949e-da2d-457a-9607-fcc665198967',
    identifiers: ['https://purview.azure.net'],
  },
  {
    name: 'Token exchange',
    appId: 'fb60f99c-7a34-4190-8149-302f77469936',
    identifiers: ['api://azureadtokenexchange'],
    version: 'v2',
  },
];
