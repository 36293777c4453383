import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { sharedFile } from '../../../test/support/shared.ts';
import { bound, groupFacts, scopeOf } from '../../../test/support/template.ts';
import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { expandTemplate } from './expand.ts';
import { readLenientJson } from './lenient-json.ts';
import { evaluateOutputs } from './outputs.ts';
import { shownParameters } from './parameters.ts';
import { evaluateResource } from './resource-body.ts';
import { parseTemplate } from './template.ts';
import { TemplateError } from './template-error.ts';
import { templateScope } from './template-scope.ts';

interface Exchange {
  readonly request: { readonly uri: string; readonly body?: string | { readonly properties: JsonObject } };
  readonly response: { readonly body?: Answer };
}
interface Answer {
  readonly properties?: {
    readonly parameters: JsonObject;
    readonly dependencies: readonly { readonly id: string; readonly dependsOn: readonly Ids[] }[];
    readonly validatedResources?: readonly { readonly id: string }[];
  };
  readonly error?: JsonObject;
}
interface Ids {
  readonly id: string;
  readonly apiVersion?: string;
  readonly actionName?: string;
}

/** Sessions of az against Azure; users of the project do not have them. */
const sessions = [
  'test_resource_group_deployment',
  'test_resource_group_level_what_if',
  'test_vm_msi',
  'test_vm_msi_no_scope',
].map((name) => [name, sharedFile(`data/observed/exchanges/${name}.json`)] as const);

function deployments(file: string): Exchange[] {
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const exchanges = (
    Array.isArray(read) ? read : (read as { exchanges: Exchange[] }).exchanges
  ) as Exchange[];
  return exchanges.filter(
    ({ request }) => request.uri.includes('/deployments/') && (request.body ?? null) !== null,
  );
}

describe('deployments that az has sent', () => {
  const absent = sessions.some(([, file]) => file === undefined);
  const skip = absent ? 'the recorded sessions are not here' : false;
  test('have the resources, dependencies, parameters and refusals that Azure told', { skip }, async (t) => {
    for (const [name, file] of sessions) await t.test(name, () => compare(file as string));
  });

  async function compare(file: string): Promise<void> {
    let compared = 0;
    for (const { request, response } of deployments(file)) {
      const text = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
      const { value, places } = readLenientJson(text);
      const { template: document, parameters = {} } = (value as { properties: Record<string, JsonValue> })
        .properties;
      const group = /resourcegroups\/([^/]+)/i.exec(request.uri)?.[1] as string;
      const groupId = `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/${group}`;
      const facts = {
        ...groupFacts,
        resourceGroup: { ...groupFacts.resourceGroup, name: group, id: groupId },
      };
      const template = parseTemplate(document as JsonValue, places);
      const work = async () => {
        const given = await bound(template, parameters);
        return {
          given,
          expansion: await expandTemplate(template, templateScope({ template, parameters: given, facts })),
        };
      };
      if (response.body?.error !== undefined) {
        const { code, message, additionalInfo } = response.body.error;
        await assert.rejects(work(), (error) => {
          assert.ok(error instanceof TemplateError);
          assert.deepEqual(
            { code: error.code, message: error.message, additionalInfo: error.additionalInfo },
            { code, message, additionalInfo },
          );
          return true;
        });
        continue;
      }
      const answer = response.body?.properties;
      const { given, expansion } = await work();
      if (answer === undefined) continue;
      // locations are given by the group in the recording, and by the test here
      const shown = shownParameters(given);
      for (const [key, expected] of Object.entries(answer.parameters)) {
        if (key !== 'location') assert.deepEqual(shown[key], expected);
      }
      const shorten = ({ id, apiVersion, actionName }: Ids) =>
        [id.toLowerCase(), apiVersion, actionName].join(' ');
      const dependencies = expansion.instances.filter((instance) => instance.dependencies.length > 0);
      assert.deepEqual(
        Object.fromEntries(dependencies.map((each) => [each.id, each.dependencies.map(shorten).sort()])),
        Object.fromEntries(
          // outputs have dependencies of their own, on the deployment
          answer.dependencies
            .filter(({ id }) => !/\/deployments\/[^/]+$/.test(id))
            .map(({ id, dependsOn }) => [id, dependsOn.map(shorten).sort()]),
        ),
      );
      if (answer.validatedResources !== undefined) {
        // names made by uniqueString follow from an id that the recording has changed
        const masked = (id: string) => id.replace(/\/store[a-z2-7]{13}$/, '/store');
        assert.deepEqual(
          expansion.instances.map(({ id }) => masked(id)),
          answer.validatedResources.map(({ id }) => masked(id)),
        );
      }
      compared += 1;
    }
    assert.ok(compared > 0);
  }
});

/** What a compiler of Bicep makes of a vault with rights for the identity of two machines, and of a module. */
const compiled: JsonValue = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  languageVersion: '2.0',
  contentVersion: '1.0.0.0',
  metadata: { _generator: { name: 'bicep', version: '0.40.2', templateHash: '1' } },
  definitions: {
    settings: {
      type: 'object',
      properties: {
        machines: { type: 'int', minValue: 1 },
        password: { type: 'securestring' },
        note: { type: 'string', nullable: true },
      },
    },
  },
  functions: [
    {
      namespace: '__bicep',
      members: {
        named: {
          parameters: [{ type: 'string', name: 'base' }],
          output: {
            type: 'string',
            value: "[format('{0}-{1}', parameters('base'), uniqueString(parameters('base')))]",
          },
        },
      },
    },
  ],
  parameters: {
    location: { type: 'string', defaultValue: '[resourceGroup().location]' },
    settings: { $ref: '#/definitions/settings' },
  },
  variables: {
    roles: { secretsUser: '4633458b-17de-408a-b874-0445c86b69e6' },
    copy: [
      {
        name: 'names',
        count: "[length(range(0, parameters('settings').machines))]",
        input: "[format('vm{0}', range(0, parameters('settings').machines)[copyIndex('names')])]",
      },
    ],
  },
  resources: {
    vault: {
      existing: true,
      type: 'Microsoft.KeyVault/vaults',
      apiVersion: '2023-07-01',
      subscriptionId: '[subscription().subscriptionId]',
      resourceGroup: 'shared',
      name: 'kv1',
    },
    identity: {
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      apiVersion: '2023-01-31',
      name: "[__bicep.named('id')]",
      location: "[parameters('location')]",
    },
    machines: {
      copy: { name: 'machines', count: "[length(variables('names'))]", mode: 'serial', batchSize: 1 },
      type: 'Microsoft.Compute/virtualMachines',
      apiVersion: '2024-07-01',
      name: "[variables('names')[copyIndex()]]",
      location: "[parameters('location')]",
      identity: {
        type: 'SystemAssigned, UserAssigned',
        userAssignedIdentities: {
          "[format('{0}', resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', __bicep.named('id')))]":
            {},
        },
      },
      properties: {
        osProfile: { adminPassword: "[parameters('settings').password]" },
        note: "[tryGet(parameters('settings'), 'note')]",
      },
      dependsOn: ['identity'],
    },
    grant: {
      copy: { name: 'grant', count: "[length(variables('names'))]" },
      type: 'Microsoft.Authorization/roleAssignments',
      apiVersion: '2022-04-01',
      scope: "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', __bicep.named('id'))]",
      name: "[guid(resourceGroup().id, variables('names')[copyIndex()], variables('roles').secretsUser)]",
      properties: {
        roleDefinitionId:
          "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', variables('roles').secretsUser)]",
        principalId:
          "[reference(format('machines[{0}]', copyIndex()), '2024-07-01', 'full').identity.principalId]",
        principalType: 'ServicePrincipal',
      },
      dependsOn: ['identity', "[format('machines[{0}]', copyIndex())]"],
    },
    module: {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2025-04-01',
      name: "[format('{0}-secrets', deployment().name)]",
      resourceGroup: 'shared',
      properties: {
        expressionEvaluationOptions: { scope: 'inner' },
        mode: 'Incremental',
        parameters: {
          vaultUri: { value: "[reference('vault').vaultUri]" },
          identity: { value: "[reference('identity').clientId]" },
        },
        template: {
          $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
          languageVersion: '2.0',
          contentVersion: '1.0.0.0',
          parameters: { vaultUri: { type: 'string' }, identity: { type: 'string' } },
          resources: {},
          outputs: { uri: { type: 'string', value: "[parameters('vaultUri')]" } },
        },
      },
      dependsOn: ['identity'],
    },
  },
  outputs: {
    uri: { type: 'string', value: "[reference('module').outputs.uri.value]" },
    principals: {
      type: 'array',
      items: { type: 'string' },
      copy: {
        count: "[length(variables('names'))]",
        input: "[reference(format('machines[{0}]', copyIndex()), '2024-07-01', 'full').identity.principalId]",
      },
    },
    password: { type: 'securestring', value: "[parameters('settings').password]" },
  },
};

describe('a template that Bicep has compiled', () => {
  const given = { settings: { value: { machines: 2, password: 'hidden' } } };
  const template = parseTemplate(compiled);
  const runtime = {
    reference: async (symbol: string, _: string | undefined, full: boolean): Promise<JsonValue> => {
      if (full) return { identity: { principalId: `principal of ${symbol}` } };
      return symbol === 'module'
        ? { outputs: { uri: { value: 'https://kv1' } } }
        : { vaultUri: 'https://kv1', clientId: 'client' };
    },
    list: async (): Promise<JsonValue> => null,
  };

  test('has its resources, in their scopes, with what they wait for', async () => {
    const scope = await scopeOf(template, runtime, given);
    const { instances } = await expandTemplate(template, scope);
    assert.deepEqual(
      instances.map(({ key, scope: place, dependsOn }) => ({
        key,
        place: place.split('/').at(-1),
        dependsOn,
      })),
      [
        { key: 'vault', place: 'shared', dependsOn: [] },
        { key: 'identity', place: 'rg1', dependsOn: [] },
        { key: 'machines[0]', place: 'rg1', dependsOn: ['identity'] },
        { key: 'machines[1]', place: 'rg1', dependsOn: ['identity', 'machines[0]'] },
        { key: 'grant[0]', place: 'id-w3gtvaouuwzz6', dependsOn: ['identity', 'machines[0]'] },
        { key: 'grant[1]', place: 'id-w3gtvaouuwzz6', dependsOn: ['identity', 'machines[1]'] },
        { key: 'module', place: 'shared', dependsOn: ['identity'] },
      ].map((each) => ({ ...each, place: each.place.startsWith('id-') ? instances[1]?.name : each.place })),
    );
  });

  test('has bodies that can be sent, and a module that keeps its own expressions', async () => {
    const scope = await scopeOf(template, runtime, given);
    const { instances } = await expandTemplate(template, scope);
    const bodies = await Promise.all(instances.slice(2).map((instance) => evaluateResource(instance, scope)));
    const [machine, , , grant, module] = bodies as unknown as readonly Record<
      string,
      Record<string, JsonValue>
    >[];
    assert.deepEqual(machine?.['properties'], { osProfile: { adminPassword: 'hidden' }, note: null });
    assert.deepEqual(machine?.['identity'], {
      type: 'SystemAssigned, UserAssigned',
      userAssignedIdentities: { [instances[1]?.id as string]: {} },
    });
    assert.equal(grant?.['properties']?.['principalId'], 'principal of machines[1]');
    assert.deepEqual(module?.['properties']?.['parameters'], {
      vaultUri: { value: 'https://kv1' },
      identity: { value: 'client' },
    });
    const inner = module?.['properties']?.['template'] as { outputs: JsonValue };
    assert.deepEqual(inner.outputs, { uri: { type: 'string', value: "[parameters('vaultUri')]" } });
  });

  test('has outputs, and shows nothing that is secure', async () => {
    const scope = await scopeOf(template, runtime, given);
    assert.deepEqual(await evaluateOutputs(template, scope), {
      uri: { type: 'String', value: 'https://kv1' },
      principals: { type: 'Array', value: ['principal of machines[0]', 'principal of machines[1]'] },
      password: { type: 'SecureString' },
    });
    assert.deepEqual(shownParameters(await bound(template, given)), {
      location: { type: 'String', value: 'westeurope' },
      settings: { type: 'Object' },
    });
  });
});
