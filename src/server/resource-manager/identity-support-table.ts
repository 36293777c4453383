import type { IdentitySupport } from './identity-support.ts';

/*
 * Which resource types take an identity, as their schemas say (`spec/resource-manager.md` f): the namespace, then its
 * types. Types that only show an identity are left out.
 */

const spaced = `
  Astronomer.Astro: organizations
  Microsoft.ApiManagement: service
  Microsoft.AppConfiguration: configurationStores
  Microsoft.Automation: automationAccounts
  Microsoft.Cache: redis redisEnterprise
  Microsoft.CognitiveServices: accounts accounts/computes accounts/projects
    accounts/projects/workbenches
  Microsoft.Compute: diskEncryptionSets galleries virtualMachines virtualMachineScaleSets
    virtualMachineScaleSets/virtualmachines
  Microsoft.ContainerInstance: containerGroups ngroups
  Microsoft.ContainerRegistry: registries registries/cacheRules registries/credentialSets
    registries/exportPipelines registries/importPipelines registries/taskRuns registries/tasks
  Microsoft.ContainerService: fleets
  Microsoft.DatabaseWatcher: watchers
  Microsoft.DevCenter: devcenters projects projects/environmentTypes
  Microsoft.Devices: IotHubs
  Microsoft.EventGrid: domains namespaces partnerTopics systemTopics topics
  Microsoft.EventHub: namespaces
  Microsoft.FluidRelay: fluidRelayServers
  Microsoft.HDInsight: clusters
  Microsoft.HealthBot: healthBots
  Microsoft.Kusto: clusters
  Microsoft.Maps: accounts
  Microsoft.Network: applicationGateways expressRouteLags ExpressRoutePorts firewallPolicies
    networkVirtualAppliances networkWatchers/flowLogs virtualNetworkGateways
  Microsoft.RecoveryServices: vaults
  Microsoft.Search: searchServices
  Microsoft.ServiceBus: namespaces
  Microsoft.ServiceFabric: clusters/applications managedclusters/applications
  Microsoft.Solutions: applications
  Microsoft.StorageCache: caches
  Microsoft.Web: serverfarms sites sites/slots staticSites
  Nginx.NginxPlus: nginxDeployments
`;

const unspaced = `
  ArizeAi.ObservabilityEval: organizations
  Commvault.ContentStore: cloudAccounts
  Dell.Storage: filesystems
  Informatica.DataManagement: organizations organizations/serverlessRuntimes
  LambdaTest.HyperExecute: organizations
  Microsoft.AgriculturePlatform: agriServices
  Microsoft.ApiCenter: services
  Microsoft.ApiManagement: service/gateways
  Microsoft.App: agents agentSpaces builders containerApps jobs managedEnvironments sessionPools
  Microsoft.AppLink: appLinks
  Microsoft.AppPlatform: Spring/apps
  Microsoft.AzureDataTransfer: connections connections/flows pipelines pipelines/flowProfiles
  Microsoft.AzureFleet: fleets
  Microsoft.AzureLargeInstance: azureLargeStorageInstances
  Microsoft.AzureResilienceManagement: drills goalAssignments recoveryPlans
  Microsoft.AzureStackHCI: clusters devicePools edgeMachines
  Microsoft.BillingBenefits: conditionalCredits credits credits/sources discounts freeServices maccs
  Microsoft.Cdn: profiles
  Microsoft.Chaos: experiments workspaces
  Microsoft.CloudHealth: healthmodels
  Microsoft.Communication: communicationServices
  Microsoft.Compute: locations/bulkCreateCustom locations/launchBulkInstancesOperations
  Microsoft.ComputeBulkActions: locations/launchBulkInstancesOperations
  Microsoft.ContainerInstance: aiAgentsGroups sandboxGroups
  Microsoft.ContainerService: aiManagers
  Microsoft.Dashboard: grafana
  Microsoft.Databricks: accessConnectors
  Microsoft.DataFactory: factories
  Microsoft.DataReplication: replicationVaults
  Microsoft.DBforPostgreSQL: flexibleServers
  Microsoft.DevCenter: devcenters/encryptionSets
  Microsoft.Devices: provisioningServices
  Microsoft.DeviceUpdate: accounts
  Microsoft.DevOpsInfrastructure: pools
  Microsoft.DevTestLab: labs/servicerunners
  Microsoft.DigitalTwins: digitalTwinsInstances
  Microsoft.DocumentDB: databaseAccounts databaseAccounts/cassandraKeyspaces
    databaseAccounts/cassandraKeyspaces/tables
    databaseAccounts/cassandraKeyspaces/tables/throughputSettings
    databaseAccounts/cassandraKeyspaces/throughputSettings databaseAccounts/cassandraKeyspaces/views
    databaseAccounts/cassandraKeyspaces/views/throughputSettings databaseAccounts/graphs
    databaseAccounts/gremlinDatabases databaseAccounts/gremlinDatabases/graphs
    databaseAccounts/gremlinDatabases/graphs/throughputSettings
    databaseAccounts/gremlinDatabases/throughputSettings databaseAccounts/mongodbDatabases
    databaseAccounts/mongodbDatabases/collections
    databaseAccounts/mongodbDatabases/collections/throughputSettings
    databaseAccounts/mongodbDatabases/throughputSettings databaseAccounts/sqlDatabases
    databaseAccounts/sqlDatabases/containers databaseAccounts/sqlDatabases/containers/storedProcedures
    databaseAccounts/sqlDatabases/containers/throughputSettings
    databaseAccounts/sqlDatabases/containers/triggers
    databaseAccounts/sqlDatabases/containers/userDefinedFunctions
    databaseAccounts/sqlDatabases/throughputSettings databaseAccounts/tables
    databaseAccounts/tables/throughputSettings mongoClusters
  Microsoft.DurableTask: schedulers
  Microsoft.HardwareSecurityModules: cloudHsmClusters
  Microsoft.HealthcareApis: workspaces/analyticsconnectors workspaces/dicomservices
    workspaces/fhirservices workspaces/iotconnectors
  Microsoft.HealthDataAIServices: deidServices
  Microsoft.HorizonDb: clusters
  Microsoft.HybridCompute: machines
  Microsoft.HybridNetwork: networkFunctions publishers siteNetworkServices
  Microsoft.Insights: actionGroups dataCollectionEndpoints dataCollectionRules workbooks
  Microsoft.IoTOperations: instances
  Microsoft.KeyVault: managedHSMs managedHSMs/privateEndpointConnections
  Microsoft.LoadTestService: loadTests playwrightWorkspaces
  Microsoft.Logic: automationProjects
  Microsoft.MachineLearningServices: capacityReserverationGroups registries workspaces
    workspaces/batchEndpoints workspaces/batchEndpoints/deployments workspaces/computes
    workspaces/inferencePools workspaces/inferencePools/endpoints workspaces/inferencePools/groups
    workspaces/linkedServices workspaces/onlineEndpoints workspaces/onlineEndpoints/deployments
    workspaces/privateEndpointConnections workspaces/serverlessEndpoints
  Microsoft.ManagedNetworkFabric: l2IsolationDomains l3IsolationDomains neighborGroups
    networkBootstrapDevices networkDevices networkDevices/networkInterfaces networkFabricControllers
    networkFabrics networkPacketBrokers networkTapRules networkTaps
  Microsoft.ManufacturingPlatform: manufacturingDataServices
  Microsoft.Mission: communities virtualEnclaves
  Microsoft.Monitor: accounts accounts/healthmodels observabilityAgents slis
  Microsoft.NetApp: activeDirectoryConfigs elasticAccounts netAppAccounts
  Microsoft.NetworkCloud: clusterManagers clusters virtualMachines
  Microsoft.OnlineExperimentation: workspaces
  Microsoft.OperationalInsights: clusters
  Microsoft.Orbital: geoCatalogs
  Microsoft.Quantum: workspaces
  Microsoft.RecommendationsService: accounts
  Microsoft.RedHatOpenShift: openShiftClusters
  Microsoft.Scom: managedInstances
  Microsoft.Sovereign: landingZoneAccounts
  Microsoft.Sql: managedInstances servers
  Microsoft.SqlVirtualMachine: sqlVirtualMachines
  Microsoft.Storage: storageAccounts
  Microsoft.StorageActions: storageTasks
  Microsoft.StorageMover: storageMovers/endpoints
  Microsoft.StorageSync: storageSyncServices
  Microsoft.Synapse: workspaces
  Microsoft.VideoIndexer: accounts
  Microsoft.WeightsAndBiases: instances
  MongoDB.Atlas: organizations
  Napster.CompanionAPI: organizations
  NewRelic.Observability: monitors
  PaloAltoNetworks.Cloudngfw: firewalls globalRulestacks localRulestacks
  Pinecone.VectorDb: organizations
  PureStorage.Block: storagePools
  Qumulo.Storage: fileSystems
  SplitIO.Experimentation: experimentationWorkspaces
`;

const joined = `
  Microsoft.Sql: servers/databases/syncGroups servers/databases/syncGroups/syncMembers servers/jobAgents
`;

const exclusive = `
  Microsoft.Authorization: policyAssignments
  Microsoft.Batch: batchAccounts
  Microsoft.Blueprint: blueprintAssignments
  Microsoft.ContainerService: managedClusters
  Microsoft.DataBox: jobs
  Microsoft.DataBoxEdge: dataBoxEdgeDevices
  Microsoft.Datadog: monitors
  Microsoft.DataProtection: backupVaults
  Microsoft.DBforPostgreSQL: serverGroupsv2
  Microsoft.EdgeOrder: orderItems
  Microsoft.ElasticSan: elasticSans/volumegroups
  Microsoft.Insights: metricAlerts scheduledQueryRules
  Microsoft.Logic: integrationServiceEnvironments workflows
  Microsoft.Migrate: modernizeProjects moveCollections
  Microsoft.OperationalInsights: workspaces
  Microsoft.Purview: accounts
  Microsoft.SignalRService: signalR webPubSub
`;

const systemOnly = `
  Microsoft.AgFoodPlatform: farmBeats
  Microsoft.AppPlatform: Spring
  Microsoft.Automanage: accounts
  Microsoft.AVS: privateClouds
  Microsoft.AzureStackHCI: virtualMachineInstances virtualmachines
  Microsoft.BareMetalInfrastructure: bareMetalStorageInstances
  Microsoft.ConnectedVMwarevSphere: virtualMachines
  Microsoft.CostManagement: exports
  Microsoft.DataLakeStore: accounts
  Microsoft.DataProtection: resourceGuards
  Microsoft.DataShare: accounts
  Microsoft.DBforMySQL: servers
  Microsoft.DBforPostgreSQL: servers
  Microsoft.DelegatedNetwork: orchestrators
  Microsoft.DesktopVirtualization: appAttachPackages applicationGroups hostPools scalingPlans workspaces
  Microsoft.DeviceRegistry: namespaces schemaRegistries
  Microsoft.Discovery: supercomputers
  Microsoft.DocumentDB: cassandraClusters garnetClusters
  Microsoft.Elastic: monitors
  Microsoft.ExtendedLocation: customLocations
  Microsoft.HealthcareApis: services
  Microsoft.HybridCompute: machines/extensions
  Microsoft.IoTCentral: iotApps
  Microsoft.Kubernetes: connectedClusters
  Microsoft.KubernetesConfiguration: extensions
  Microsoft.LabServices: labPlans
  Microsoft.M365SecurityAndCompliance: privateLinkServicesForEDMUpload
    privateLinkServicesForM365ComplianceCenter privateLinkServicesForM365SecurityCenter
    privateLinkServicesForMIPPolicySync privateLinkServicesForO365ManagementActivityAPI
    privateLinkServicesForSCCPowershell
  Microsoft.PowerPlatform: enterprisePolicies
  Microsoft.ResourceConnector: appliances
  Microsoft.ScVmm: virtualMachines
  Microsoft.Security: dataScanners
  Microsoft.SecurityAndCompliance: privateLinkServicesForEDMUpload
    privateLinkServicesForM365ComplianceCenter privateLinkServicesForM365SecurityCenter
    privateLinkServicesForMIPPolicySync privateLinkServicesForO365ManagementActivityAPI
    privateLinkServicesForSCCPowershell
  Microsoft.Solutions: applianceDefinitions appliances applicationDefinitions
  Microsoft.StreamAnalytics: streamingjobs
  Microsoft.TestBase: testBaseAccounts
`;

const userOnly = `
  Microsoft.Batch: batchAccounts/pools
  Microsoft.DBforMySQL: flexibleServers
  Microsoft.Impact: connectors
  Microsoft.Insights: myWorkbooks
  Microsoft.OperationalInsights: workspaces/summaryLogs
  Microsoft.Resources: deployments deploymentScripts
  Microsoft.Sql: servers/databases
  Microsoft.StorageCache: amlFilesystems
  Microsoft.VirtualMachineImages: imageTemplates
  Microsoft.Workloads: connectors monitors monitors/providerInstances phpWorkloads sapVirtualInstances
`;

const joinedByAnd = `
  Dynatrace.Observability: monitors
`;

/** What is known of single types beside their schemas: bounds and spellings that Azure was seen to have (b.2, b.8). */
const particulars: Readonly<Record<string, Partial<IdentitySupport>>> = {
  'microsoft.app/containerapps': { combined: 'SystemAssigned, UserAssigned', showsNone: true },
  'microsoft.app/jobs': { combined: 'SystemAssigned, UserAssigned' },
  'microsoft.appconfiguration/configurationstores': { maximum: 10 },
  'microsoft.authorization/policyassignments': { maximum: 1 },
  'microsoft.cdn/profiles': { showsTenant: true },
  'microsoft.compute/virtualmachines': { respellsGroups: true },
  'microsoft.compute/virtualmachinescalesets': { respellsGroups: true },
  'microsoft.containerinstance/containergroups': { showsTenant: true },
  'microsoft.containerservice/managedclusters': { maximum: 1 },
  'microsoft.devices/iothubs': { showsTenant: true },
  'microsoft.hdinsight/clusters': { combined: 'SystemAssigned,UserAssigned' },
  'microsoft.network/applicationgateways': { smallFirst: true },
  'microsoft.network/expressrouteports': { smallFirst: true },
  'microsoft.storage/storageaccounts': { maximum: 1 },
};

const bothKinds = { systemAssigned: true, userAssigned: true } as const;

/** By type, lower case. */
const supportByType: ReadonlyMap<string, IdentitySupport> = new Map(
  [
    typesOf(spaced, { ...bothKinds, combined: 'SystemAssigned, UserAssigned' }),
    typesOf(unspaced, { ...bothKinds, combined: 'SystemAssigned,UserAssigned' }),
    typesOf(joined, { ...bothKinds, combined: 'SystemAssignedUserAssigned' }),
    typesOf(joinedByAnd, { ...bothKinds, combined: 'SystemAndUserAssigned' }),
    typesOf(exclusive, bothKinds),
    typesOf(systemOnly, { systemAssigned: true, userAssigned: false }),
    typesOf(userOnly, { systemAssigned: false, userAssigned: true }),
  ].flat(),
);

function typesOf(table: string, support: IdentitySupport): [string, IdentitySupport][] {
  let namespace = '';
  return table.split(/\s+/).flatMap((word): [string, IdentitySupport][] => {
    if (word.endsWith(':')) namespace = word.slice(0, -1);
    if (word === '' || word.endsWith(':')) return [];
    const type = `${namespace}/${word}`.toLowerCase();
    return [[type, { ...support, ...particulars[type] }]];
  });
}

/** Which identities a resource of the type may carry; `undefined` where none. Types compare without case. */
export function identitySupportOf(type: string): IdentitySupport | undefined {
  return supportByType.get(type.toLowerCase());
}
