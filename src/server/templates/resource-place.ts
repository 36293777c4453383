import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import type { DeploymentFacts } from './evaluation-scope.ts';
import { member } from './json-value.ts';
import { TemplateError } from './template-error.ts';

/** Where a resource lies and what its id is. */
export interface ResourcePlace {
  /** The scope that it lies in; `/` is the tenant. */
  readonly scope: string;
  readonly id: string;
}

/** The scope of the deployment itself, as a path; `/` is the tenant. */
export function deploymentScope(facts: DeploymentFacts): string {
  const { subscription, resourceGroup, managementGroup } = facts;
  if (subscription !== undefined) {
    const path = `/subscriptions/${textOf(subscription['subscriptionId'])}`;
    return resourceGroup === undefined ? path : `${path}/resourceGroups/${textOf(resourceGroup['name'])}`;
  }
  if (managementGroup !== undefined) {
    return `/providers/Microsoft.Management/managementGroups/${textOf(managementGroup['name'])}`;
  }
  return '/';
}

export interface PlaceParts {
  /** `Microsoft.Network/virtualNetworks/subnets` */
  readonly type: string;
  /** `vnet1/subnet1` */
  readonly name: string;
  /** The resource's `scope`, evaluated: an id, or type and name of an extended resource of the deployment's scope. */
  readonly scope: string | undefined;
  readonly subscriptionId: string | undefined;
  readonly resourceGroup: string | undefined;
}

/** @throws TemplateError where type and name do not fit together */
export function placeOf(parts: PlaceParts, facts: DeploymentFacts): ResourcePlace {
  const { type, name } = parts;
  const base = scopeOf(parts, facts);
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  if (types.length === 0 || [namespace, ...types].includes('')) {
    throw new TemplateError(
      `The template resource '${shown(name)}' has the type '${shown(type)}', which is not of the form 'Namespace/type'.`,
    );
  }
  if (types.length !== names.length || names.includes('')) {
    throw new TemplateError(
      `The template resource '${shown(name)}' for type '${shown(type)}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.`,
    );
  }
  if (type.toLowerCase() === 'microsoft.resources/resourcegroups') {
    return { scope: base, id: `${base}/resourceGroups/${name}` };
  }
  const top = type.toLowerCase() === 'microsoft.management/managementgroups' ? '/' : base;
  const segments = types.map((segment, at) => `/${segment}/${names[at]}`).join('');
  const id = `${top === '/' ? '' : top}/providers/${namespace}${segments}`;
  const last = id.toLowerCase().lastIndexOf('/providers/');
  return { scope: last <= 0 ? '/' : id.slice(0, last), id };
}

function scopeOf(parts: PlaceParts, facts: DeploymentFacts): string {
  const own = deploymentScope(facts);
  const { scope, subscriptionId, resourceGroup } = parts;
  if (scope !== undefined) {
    if (scope === '/' || scope === '') return '/';
    if (scope.startsWith('/')) return scope.replace(/\/+$/, '');
    const relative = scope.replace(/^\/+|\/+$/g, '');
    const base = /^Microsoft\.Management\/managementGroups\/[^/]+$/i.test(relative) ? '/' : own;
    return `${base === '/' ? '' : base}/providers/${relative}`;
  }
  if (subscriptionId === undefined && resourceGroup === undefined) return own;
  const subscription = subscriptionId ?? textOf(facts.subscription?.['subscriptionId']);
  if (subscription === '') {
    throw new TemplateError(
      'A resource in a resource group needs a subscription: the deployment is not in one.',
    );
  }
  return `/subscriptions/${subscription}${resourceGroup === undefined ? '' : `/resourceGroups/${resourceGroup}`}`;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function shown(text: string): string {
  return text.slice(0, 300);
}

/** The type of a child within its parent: `subnets` below `Microsoft.Network/virtualNetworks`. */
export function childType(parent: string | undefined, type: string): string {
  if (parent === undefined || /^[^/]*\.[^/]*\//.test(type)) return type;
  return `${parent}/${type}`;
}

/** The name of a child within its parent. A child whose type is written out has its whole name as well. */
export function childName(
  parent: { readonly type: string; readonly name: string } | undefined,
  type: string,
  name: string,
): string {
  if (parent === undefined || /^[^/]*\.[^/]*\//.test(type)) return name;
  return `${parent.name}/${name}`;
}

/** As long as an id may be. */
const maxLength = 2048;

/** A member that is a text or absent. @throws TemplateError where it is something else */
export function optionalText(body: JsonObject, name: string): string | undefined {
  const value = member(body, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length <= maxLength) return value;
  if (typeof value === 'string') {
    throw new TemplateError(`The '${name}' of a resource is longer than '${maxLength}' characters.`);
  }
  throw new TemplateError(`The '${name}' of a resource is expected to be a string.`);
}
