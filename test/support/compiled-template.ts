const keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6';

/** What a compiler makes of a file with a module, something that exists, a machine and a role for its identity. */
export const compiledTemplate = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  languageVersion: '2.0',
  contentVersion: '1.0.0.0',
  metadata: { _generator: { name: 'bicep', version: '0.30.23.60470', templateHash: '1' } },
  definitions: {
    machine: {
      type: 'object',
      properties: { name: { type: 'string', minLength: 1 }, size: { type: 'string', nullable: true } },
    },
  },
  parameters: {
    location: { type: 'string', defaultValue: '[resourceGroup().location]' },
    machine: { $ref: '#/definitions/machine' },
    identityNames: { type: 'array', items: { type: 'string' }, defaultValue: ['app-a', 'app-b'] },
  },
  variables: {
    role: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${keyVaultSecretsUser}')]`,
  },
  resources: {
    shared: {
      existing: true,
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      apiVersion: '2023-01-31',
      name: 'shared',
    },
    vm: {
      type: 'Microsoft.Compute/virtualMachines',
      apiVersion: '2024-03-01',
      name: "[parameters('machine').name]",
      location: "[parameters('location')]",
      identity: {
        type: 'SystemAssigned, UserAssigned',
        userAssignedIdentities: {
          "[format('{0}', resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'shared'))]": {},
        },
      },
      properties: {
        hardwareProfile: { vmSize: "[coalesce(tryGet(parameters('machine'), 'size'), 'Standard_B1s')]" },
      },
    },
    role: {
      type: 'Microsoft.Authorization/roleAssignments',
      apiVersion: '2022-04-01',
      scope: "[format('Microsoft.ManagedIdentity/userAssignedIdentities/{0}', 'shared')]",
      name: "[guid(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'shared'), 'vm', variables('role'))]",
      properties: {
        roleDefinitionId: "[variables('role')]",
        principalId: "[reference('vm', '2024-03-01', 'full').identity.principalId]",
        principalType: 'ServicePrincipal',
      },
      dependsOn: ['vm'],
    },
    apps: {
      copy: { name: 'apps', count: "[length(parameters('identityNames'))]" },
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: "[format('app-{0}', parameters('identityNames')[copyIndex()])]",
      properties: {
        expressionEvaluationOptions: { scope: 'inner' },
        mode: 'Incremental',
        parameters: {
          name: { value: "[parameters('identityNames')[copyIndex()]]" },
          of: { value: "[reference('shared').clientId]" },
        },
        template: {
          $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
          languageVersion: '2.0',
          contentVersion: '1.0.0.0',
          parameters: { name: { type: 'string' }, of: { type: 'string' } },
          resources: {
            app: {
              type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
              apiVersion: '2023-01-31',
              name: "[parameters('name')]",
              location: '[resourceGroup().location]',
              tags: { of: "[parameters('of')]" },
            },
          },
          outputs: { clientId: { type: 'string', value: "[reference('app').clientId]" } },
        },
      },
    },
  },
  outputs: {
    principalId: { type: 'string', value: "[reference('vm', '2024-03-01', 'full').identity.principalId]" },
    clientIds: {
      type: 'array',
      copy: {
        count: "[length(parameters('identityNames'))]",
        input: "[reference(format('apps[{0}]', copyIndex())).outputs.clientId.value]",
      },
    },
  },
};
