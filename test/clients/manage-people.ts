import { ClientSecretCredential } from '@azure/identity';
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  type GraphError,
  PageIterator,
} from '@microsoft/microsoft-graph-client';
import { TokenCredentialAuthenticationProvider } from '@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js';

/**
 * A program as written for Azure: an administrator makes people and groups, one in the other, asks who is where, page by
 * page and several questions at once, and takes all of it away. Prints what it saw as JSON. Nothing here knows of Innate.
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

const [organization] = (await graph.api('/organization').get()).value;
const domain = organization.verifiedDomains.find((one: { isDefault: boolean }) => one.isDefault).name;
const people: { readonly id: string; readonly userPrincipalName: string }[] = [];
for (const name of ['ada', 'ben', 'cleo']) {
  people.push(
    await graph.api('/users').post({
      accountEnabled: true,
      displayName: name,
      mailNickname: name,
      userPrincipalName: `${name}@${domain}`,
      passwordProfile: { password: 'correct horse battery', forceChangePasswordNextSignIn: false },
    }),
  );
}
const [ada, ben, cleo] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]];
const newGroup = (displayName: string) => ({
  displayName,
  mailEnabled: false,
  mailNickname: displayName,
  securityEnabled: true,
});
const reference = (id: string) => ({
  '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}`,
});
const everybody = await graph.api('/groups').post(newGroup('everybody'));
const team = await graph.api('/groups').post({
  ...newGroup('team'),
  'members@odata.bind': [ada, ben].map(({ id }) => reference(id)['@odata.id']),
});
await graph.api(`/groups/${everybody.id}/members/$ref`).post(reference(team.id));
await graph.api(`/groups/${everybody.id}/members/$ref`).post(reference(cleo.id));

const names: string[] = [];
const first = await graph.api('/users').select('displayName').top(2).orderby('displayName').get();
await new PageIterator(graph, first, (user: { displayName: string }) => {
  names.push(user.displayName);
  return true;
}).iterate();

const batch = new BatchRequestContent([
  {
    id: 'patch',
    request: new Request(`https://graph.microsoft.com/v1.0/users/${ada.id}`, {
      method: 'PATCH',
      body: JSON.stringify({ jobTitle: 'Analyst' }),
      headers: { 'Content-Type': 'application/json' },
    }),
  },
  {
    id: 'read',
    request: new Request(`https://graph.microsoft.com/v1.0/users/${ada.userPrincipalName}?$select=jobTitle`),
    dependsOn: ['patch'],
  },
  {
    id: 'none',
    request: new Request('https://graph.microsoft.com/v1.0/users/nobody'),
    dependsOn: ['patch'],
  },
]);
const responses = new BatchResponseContent(await graph.api('/$batch').post(await batch.getContent()));

const read = (await responses.getResponseById('read').json()) as { readonly jobTitle: string };
const seen = {
  names,
  transitive: (await graph.api(`/groups/${everybody.id}/transitiveMembers/microsoft.graph.user`).get()).value
    .map(({ displayName }: { displayName: string }) => displayName)
    .sort(),
  memberOf: (await graph.api(`/users/${ada.id}/transitiveMemberOf`).get()).value
    .map(({ displayName }: { displayName: string }) => displayName)
    .sort(),
  checked: await graph
    .api(`/users/${ben.id}/checkMemberGroups`)
    .post({ groupIds: [everybody.id] })
    .then(({ value }) => value.length),
  found: (await graph.api('/users').filter("startswith(displayName,'cl')").get()).value.length,
  members: await graph.api(`/groups/${team.id}/members/$count`).header('ConsistencyLevel', 'eventual').get(),
  batch: {
    patch: responses.getResponseById('patch').status,
    read: read.jobTitle,
    none: responses.getResponseById('none').status,
  },
};

async function refusal(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'none',
    ({ statusCode, code }: GraphError) => `${statusCode} ${code}`,
  );
}
await graph.api(`/groups/${team.id}/members/${ada.id}/$ref`).delete();
await graph.api(`/users/${cleo.id}`).delete();
const refusals = {
  taken: await refusal(graph.api('/users').post({ ...(await graph.api(`/users/${ben.id}`).get()) })),
  gone: await refusal(graph.api(`/users/${cleo.id}`).get()),
  twice: await refusal(graph.api(`/groups/${team.id}/members/$ref`).post(reference(ben.id))),
  me: await refusal(graph.api('/me').get()),
};
const restored = await graph.api(`/directory/deletedItems/${cleo.id}/restore`).post({});

console.log(JSON.stringify({ seen, refusals, restored: restored.displayName }));
