/** Routes that answer without a caller. Nothing else does; the registry refuses an operation that declares no action. */
export const anonymousRoutes: readonly string[] = ['GET /metadata/endpoints'];

/**
 * Routes that ask for no right at their target, because any caller of the tenant may read them; those that list
 * answer only what the caller may see, and each request of a batch is held to its own right.
 */
export const routesForEveryCaller: readonly string[] = [
  'GET /tenants',
  'GET /subscriptions',
  'GET /providers',
  'GET /providers/{resourceProviderNamespace}',
  'GET /providers/Microsoft.ManagedIdentity/operations',
  'GET /providers/Microsoft.Resources/operations',
  'POST /batch',
  'GET /providers/Microsoft.Management/managementGroups',
  // what was deleted has no rights left to ask for; every deletion that is asked about has been done
  'GET /providers/Microsoft.Management/operationResults/delete/managementGroups/{groupId}',
  'POST /providers/Microsoft.Management/getEntities',
  'POST /providers/Microsoft.Management/checkNameAvailability',
  'POST /providers/Microsoft.Management/startTenantBackfill',
  'POST /providers/Microsoft.Management/tenantBackfillStatus',
  'POST /providers/Microsoft.Resources/checkResourceName',
  'POST /providers/Microsoft.Resources/calculateTemplateHash',
];

/** Every namespace tells every caller the rights that it knows (`operation-list.ts`). */
const rightsOfNamespace = /^GET \/providers\/[A-Za-z0-9.]+\/operations$/;

export function isForEveryCaller(name: string): boolean {
  return routesForEveryCaller.includes(name) || rightsOfNamespace.test(name);
}
