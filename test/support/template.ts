import type { JsonValue } from '../../src/contract/arm.ts';
import { evaluate } from '../../src/server/templates/evaluation.ts';
import type { BudgetLimits } from '../../src/server/templates/evaluation-budget.ts';
import { evaluationBudget } from '../../src/server/templates/evaluation-budget.ts';
import type { DeploymentFacts } from '../../src/server/templates/evaluation-scope.ts';
import { type Expansion, expandTemplate } from '../../src/server/templates/expand.ts';
import { bindParameters } from '../../src/server/templates/parameters.ts';
import { parseTemplate } from '../../src/server/templates/template.ts';
import type { BoundParameters, Template } from '../../src/server/templates/template-document.ts';
import { type DeploymentRuntime, templateScope } from '../../src/server/templates/template-scope.ts';

export const subscriptionId = '00000000-0000-0000-0000-000000000000';
export const groupId = `/subscriptions/${subscriptionId}/resourceGroups/rg1`;

/** A deployment in the group `rg1`. */
export const groupFacts: DeploymentFacts = {
  subscription: {
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId: '11111111-1111-1111-1111-111111111111',
    displayName: 'One',
  },
  resourceGroup: {
    id: groupId,
    name: 'rg1',
    type: 'Microsoft.Resources/resourceGroups',
    location: 'westeurope',
    properties: { provisioningState: 'Succeeded' },
  },
  managementGroup: undefined,
  tenant: { tenantId: '11111111-1111-1111-1111-111111111111' },
  deployment: { name: 'one', properties: { mode: 'Incremental' } },
  environment: { name: 'Innate', resourceManager: 'https://management.example/' },
  deployer: { objectId: '22222222-2222-2222-2222-222222222222' },
  providers: (namespace, type) =>
    namespace === 'Microsoft.Compute' && type === 'virtualMachines'
      ? {
          resourceType: type,
          locations: ['West Europe'],
          apiVersions: ['2024-07-01', '2023-03-01'],
          zoneMappings: [{ location: 'West Europe', zones: ['3', '1', '2'] }],
        }
      : undefined,
};

const schemas = 'https://schema.management.azure.com/schemas';

/** A template with what every template has. */
export function templateOf(parts: Readonly<Record<string, JsonValue>>): Template {
  return parseTemplate({
    $schema: `${schemas}/2019-04-01/deploymentTemplate.json#`,
    contentVersion: '1.0.0.0',
    resources: parts['languageVersion'] === '2.0' ? {} : [],
    ...parts,
  });
}

export function bound(template: Template, given: JsonValue = {}): Promise<BoundParameters> {
  let made = 0;
  const newGuid = () => {
    made += 1;
    return `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
  };
  return bindParameters(template, given, {
    facts: groupFacts,
    newGuid,
    utcNow: () => Date.UTC(2026, 10, 24, 21, 5, 9),
    secret: async ({ secretName }) => `secret ${secretName}`,
  });
}

/** What `[text]` is in a template with the given sections. */
export async function evaluated(
  text: string,
  parts: Readonly<Record<string, JsonValue>> = {},
  limits: Partial<BudgetLimits> = {},
): Promise<JsonValue> {
  const template = templateOf(parts);
  const scope = templateScope({
    template,
    parameters: await bound(template),
    facts: groupFacts,
    budget: evaluationBudget(limits),
  });
  return evaluate(`[${text}]`, scope);
}

export async function expansionOf(
  template: Template,
  given: JsonValue = {},
  facts = groupFacts,
  limits: Partial<BudgetLimits> = {},
): Promise<Expansion> {
  const parameters = await bound(template, given);
  const budget = evaluationBudget(limits);
  return expandTemplate(template, templateScope({ template, parameters, facts, budget }));
}

export async function scopeOf(
  template: Template,
  runtime: DeploymentRuntime,
  given: JsonValue = {},
  limits: Partial<BudgetLimits> = {},
) {
  const parameters = await bound(template, given);
  const budget = evaluationBudget(limits);
  return templateScope({ template, parameters, facts: groupFacts, runtime, budget });
}
