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
  'POST /batch',
];
