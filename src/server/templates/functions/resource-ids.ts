import { isGuid } from '../../../foundation/ids.ts';
import type { DeploymentFacts } from '../evaluation-scope.ts';
import { member } from '../json-value.ts';
import { any, type Operands, templateFunction } from './template-function.ts';

/** Ids of resources from types and names. Nothing is looked up: an id may name what does not exist. */
export const resourceIdFunctions = [
  templateFunction('resourceId', [2, any], (operands, { facts }) => resourceId(operands, facts)),
  templateFunction('subscriptionResourceId', [2, any], (operands, { facts }) => {
    const named = !isType(operands.string(0));
    const subscription = named ? operands.string(0) : subscriptionOf(operands, facts);
    return `/subscriptions/${subscription}${below(operands, named ? 1 : 0)}`;
  }),
  templateFunction('tenantResourceId', [2, any], (operands) => below(operands, 0)),
  templateFunction('managementGroupResourceId', [2, any], (operands, { facts }) => {
    const named = !isType(operands.string(0));
    const group = named ? operands.string(0) : managementGroupOf(operands, facts);
    return `/providers/Microsoft.Management/managementGroups/${group}${below(operands, named ? 1 : 0)}`;
  }),
  templateFunction('extensionResourceId', [3, any], (operands) => {
    const scope = withoutEndSlash(bounded(operands, operands.string(0)));
    return `${scope}${below(operands, 1)}`;
  }),
];

function isType(text: string): boolean {
  return text.includes('/');
}

function resourceId(operands: Operands, facts: DeploymentFacts): string {
  const texts = operands.strings();
  const at = texts.findIndex(isType);
  if (at === 2) return `/subscriptions/${texts[0]}/resourceGroups/${texts[1]}${below(operands, 2)}`;
  if (at === 1) {
    const place = texts[0] as string;
    if (isGuid(place) && facts.resourceGroup === undefined)
      return `/subscriptions/${place}${below(operands, 1)}`;
    return `/subscriptions/${subscriptionOf(operands, facts)}/resourceGroups/${place}${below(operands, 1)}`;
  }
  if (at !== 0) {
    return operands.fail(
      'expects a resource type of the form "Microsoft.Namespace/type" among its first three parameters',
    );
  }
  return `${deploymentPlace(facts)}${below(operands, 0)}`;
}

/** The path of the deployment's own scope; empty for tenant and management groups, whose resources lie at the tenant. */
function deploymentPlace(facts: DeploymentFacts): string {
  if (facts.subscription === undefined) return '';
  const subscription = `/subscriptions/${text(facts.subscription['subscriptionId'])}`;
  return facts.resourceGroup === undefined
    ? subscription
    : `${subscription}/resourceGroups/${text(facts.resourceGroup['name'])}`;
}

/** `/providers/NS/t1/n1/t2/n2` of the type at a position and the names behind it. */
function below(operands: Operands, at: number): string {
  const type = withoutEndSlash(bounded(operands, operands.string(at))).replace(/^\/+/, '');
  const [namespace, ...types] = type.split('/');
  const names = operands.strings(at + 1).flatMap((name) => bounded(operands, name).split('/'));
  if (types.length !== names.length) {
    operands.fail(
      `expects as many names as the resource type '${type}' has segments: '${types.length}' and not '${names.length}'`,
    );
  }
  // groups have an id of their own form
  if (type.toLowerCase() === 'microsoft.resources/resourcegroups') return `/resourceGroups/${names[0]}`;
  return `/providers/${namespace}${types.map((segment, index) => `/${segment}/${names[index]}`).join('')}`;
}

function subscriptionOf(operands: Operands, facts: DeploymentFacts): string {
  if (facts.subscription === undefined) {
    return operands.fail('needs a subscription id: the deployment is not in a subscription');
  }
  return text(facts.subscription['subscriptionId']);
}

function managementGroupOf(operands: Operands, facts: DeploymentFacts): string {
  const group = facts.managementGroup && member(facts.managementGroup, 'name');
  return typeof group === 'string'
    ? group
    : operands.fail('needs the name of a management group: the deployment is not in one');
}

function withoutEndSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

const maxLength = 2048;

function bounded(operands: Operands, part: string): string {
  return part.length <= maxLength
    ? part
    : operands.fail(`expects texts of at most '${maxLength}' characters`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
