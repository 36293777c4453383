import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { KeyVaultManagementClient } from '@azure/arm-keyvault';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';

/**
 * A program as written for Azure: an operator makes a group, a machine with an identity, a vault and a role assignment,
 * looks at them, and takes them away. Prints what it saw as JSON. Nothing here knows of Innate.
 */
const {
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  AZURE_CLIENT_SECRET: clientSecret = '',
  AZURE_SUBSCRIPTION_ID: subscriptionId = '',
} = process.env;
const credential = new ClientSecretCredential(tenantId, clientId, clientSecret);
const resources = new ResourceManagementClient(credential, subscriptionId);
const compute = new ComputeManagementClient(credential, subscriptionId);
const keyVault = new KeyVaultManagementClient(credential, subscriptionId);
const authorization = new AuthorizationManagementClient(credential, subscriptionId);

const group = 'clients';
const location = 'westeurope';

const created = await resources.resourceGroups.createOrUpdate(group, { location, tags: { made: 'here' } });
const machine = await compute.virtualMachines.createOrUpdate(group, 'vm1', {
  location,
  identity: { type: 'SystemAssigned' },
  hardwareProfile: { vmSize: 'Standard_B1s' },
});
const vault = await keyVault.vaults.createOrUpdate(group, 'clients-kv', {
  location,
  properties: { tenantId, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: true },
});
const vaultId = vault.id ?? '';
const principalId = machine.identity?.principalId ?? '';
const [role] = await collect(
  authorization.roleDefinitions.list(vaultId, { filter: "roleName eq 'Key Vault Secrets User'" }),
);
const assignment = await authorization.roleAssignments.create(vaultId, crypto.randomUUID(), {
  roleDefinitionId: role?.id ?? '',
  principalId,
  principalType: 'ServicePrincipal',
});
const assigned = () =>
  collect(authorization.roleAssignments.listForScope(vaultId, { filter: `principalId eq '${principalId}'` }));

const seen = {
  subscriptionOfGroup: created.id,
  groups: names(await collect(resources.resourceGroups.list())),
  resources: names(await collect(resources.resources.listByResourceGroup(group))),
  machines: names(await collect(compute.virtualMachines.list(group))),
  vaults: names(await collect(keyVault.vaults.listByResourceGroup(group))),
  identity: machine.identity,
  vaultUri: vault.properties.vaultUri,
  assignments: names(await assigned()),
  assignment: assignment.name,
};

await compute.virtualMachines.beginDeleteAndWait(group, 'vm1');
const afterMachine = {
  machine: await codeOf(compute.virtualMachines.get(group, 'vm1')),
  assignments: names(await assigned()),
};
await resources.resourceGroups.beginDeleteAndWait(group);
const afterGroup = {
  group: await codeOf(resources.resourceGroups.get(group)),
  vault: await codeOf(keyVault.vaults.get(group, 'clients-kv')),
};
const refusals = {
  stranger: await codeOf(
    authorization.roleAssignments.create(`/subscriptions/${subscriptionId}`, crypto.randomUUID(), {
      roleDefinitionId: role?.id ?? '',
      principalId: crypto.randomUUID(),
    }),
  ),
  secret: await codeOf(
    new ResourceManagementClient(
      new ClientSecretCredential(tenantId, clientId, 'guess'),
      subscriptionId,
    ).resourceGroups.get(group),
  ),
};
console.log(JSON.stringify({ seen, afterMachine, afterGroup, refusals }));

async function collect<Item>(pages: AsyncIterable<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

function names(items: readonly { readonly name?: string | undefined }[]): readonly string[] {
  return items.map(({ name }) => name ?? '');
}

/** The status and the code of a refusal, as the client tells them apart. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'allowed';
  } catch (error) {
    const { statusCode, code, name, message } = error as {
      readonly statusCode?: number;
      readonly code?: string;
      readonly name: string;
      readonly message: string;
    };
    return `${statusCode ?? ''} ${code ?? name} ${/AADSTS\d+/.exec(message)?.[0] ?? ''}`.trim();
  }
}
