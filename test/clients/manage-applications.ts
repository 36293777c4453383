import { randomUUID } from 'node:crypto';
import { ClientSecretCredential } from '@azure/identity';
import { Client, type GraphError, PageIterator } from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

/**
 * A program as written for Azure: an administrator registers an API with a role and a client with a secret, gives the
 * client the role, and takes all of it away; between, the client asks for a token for the API. Prints what it saw as
 * JSON. Nothing here knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  AZURE_CLIENT_SECRET: clientSecret = '',
} = process.env;
const graph = Client.initWithMiddleware({
  authProvider: new TokenCredentialAuthenticationProvider(
    new ClientSecretCredential(tenantId, clientId, clientSecret),
    { scopes: ['https://graph.microsoft.com/.default'] },
  ),
});

const roleId = randomUUID();
const api = await graph.api('/applications').post({
  displayName: 'orders api',
  identifierUris: ['api://orders.example'],
  appRoles: [
    {
      id: roleId,
      value: 'Orders.Read',
      displayName: 'Read orders',
      description: 'Reads orders.',
      allowedMemberTypes: ['Application'],
      isEnabled: true,
    },
  ],
});
const apiPrincipal = await graph.api('/servicePrincipals').post({ appId: api.appId });
const worker = await graph.api('/applications').post({ displayName: 'orders worker' });
const workerPrincipal = await graph.api('/servicePrincipals').post({ appId: worker.appId });
const password = await graph
  .api(`/applications/${worker.id}/addPassword`)
  .post({ passwordCredential: { displayName: 'first' } });
const assignment = await graph.api(`/servicePrincipals/${workerPrincipal.id}/appRoleAssignments`).post({
  principalId: workerPrincipal.id,
  resourceId: apiPrincipal.id,
  appRoleId: roleId,
});
await graph.api(`/applications/${worker.id}`).patch({ notes: 'reads orders' });

const token = await new ClientSecretCredential(tenantId, worker.appId, password.secretText).getToken(
  'api://orders.example/.default',
);
const claims = JSON.parse(Buffer.from(token.token.split('.')[1] ?? '', 'base64url').toString());

const names: string[] = [];
const firstPage = await graph.api('/applications').select(['displayName', 'id']).top(2).get();
await new PageIterator(graph, firstPage, (application: { displayName: string }) => {
  names.push(application.displayName);
  return true;
}).iterate();

const seen = {
  principalOfToken: claims.oid === workerPrincipal.id,
  roles: claims.roles,
  audience: claims.aud,
  assignment: assignment.principalDisplayName,
  names,
  found: (await graph.api('/servicePrincipals').filter(`displayName eq 'orders worker'`).get()).value.length,
  count: await graph.api('/applications/$count').header('ConsistencyLevel', 'eventual').get(),
  notes: (await graph.api(`/applications(appId='${worker.appId}')`).get()).notes,
};

const refusal = (error: GraphError) => `${error.statusCode} ${error.code}`;
await graph.api(`/applications/${worker.id}`).delete();
await graph.api(`/applications/${api.id}`).delete();
const refusals = {
  gone: await graph.api(`/applications/${worker.id}`).get().catch(refusal),
  taken: await graph
    .api('/applications')
    .post({ displayName: 'x', identifierUris: ['https://vault.azure.net'] })
    .catch(refusal),
  query: await graph.api('/applications').filter('nonsense').get().catch(refusal),
};
const restored = await graph.api(`/directory/deletedItems/${api.id}/restore`).post({});
process.stdout.write(JSON.stringify({ seen, refusals, restored: restored.displayName }));
