import { ClientSecretCredential } from '@azure/identity';
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  PageIterator,
} from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

/**
 * A program as written for Azure: an auditor reads the sign-ins of a managed identity, page by page, what became of an
 * application that it makes, and both at once in a batch. Prints what it saw as JSON. Nothing here knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  AZURE_CLIENT_SECRET: clientSecret = '',
  IDENTITY: identity = '',
} = process.env;
const graph = Client.initWithMiddleware({
  authProvider: new TokenCredentialAuthenticationProvider(
    new ClientSecretCredential(tenantId, clientId, clientSecret),
    { scopes: ['https://graph.microsoft.com/.default'] },
  ),
});

const managed = "signInEventTypes/any(t: t eq 'managedIdentity')";
const filter = `${managed} and servicePrincipalId eq '${identity}'`;
const firstPage = await graph.api('/auditLogs/signIns').version('beta').filter(filter).top(1).get();
const tokens: unknown[] = [];
await new PageIterator(graph, firstPage, (signIn: { uniqueTokenIdentifier: string }) => {
  tokens.push(signIn.uniqueTokenIdentifier);
  return true;
}).iterate();
const [latest] = firstPage.value;

const app = await graph.api('/applications').post({ displayName: 'audited' });
const audits = await graph
  .api('/auditLogs/directoryAudits')
  .filter(`targetResources/any(t: t/id eq '${app.id}')`)
  .get();

const address = (path: string) => `https://graph.microsoft.com/v1.0/${path}`;
const change = new Request(address(`applications/${app.id}`), {
  method: 'PATCH',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ notes: 'by a batch' }),
});
const batch = new BatchRequestContent([
  { id: 'change', request: change },
  { id: 'look', request: new Request(address(`applications/${app.id}`)), dependsOn: ['change'] },
  { id: 'people', request: new Request(address('auditLogs/signIns')), dependsOn: ['look'] },
]);
const responses = new BatchResponseContent(await graph.api('/$batch').post(await batch.getContent()));
const bodyOf = async (id: string) => (await responses.getResponseById(id).json()) as Record<string, unknown>;

process.stdout.write(
  JSON.stringify({
    tokens,
    latest: {
      resource: latest.resourceDisplayName,
      credential: latest.clientCredentialType,
      on: latest.managedServiceIdentity.associatedResourceId,
      type: latest.managedServiceIdentity.msiType,
      error: latest.status.errorCode,
    },
    audits: audits.value.map((audit: { activityDisplayName: string }) => audit.activityDisplayName),
    people: (await bodyOf('people'))['value'],
    change: responses.getResponseById('change').status,
    notes: (await bodyOf('look'))['notes'],
  }),
);
