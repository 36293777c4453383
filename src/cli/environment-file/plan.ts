import type { EnvironmentRole, EnvironmentTemplate } from '../../contract/environment-file.ts';
import { isOwn, type WantedIdentities } from '../resources/identity-block.ts';
import { identityKind } from '../resources/identity-kind.ts';
import { resourceGroupVersion } from '../resources/resource-target.ts';
import { FileErrors, type FilePath } from './file-position.ts';
import { AmbiguousName, type NamedResource, NamedResources } from './named-resources.ts';
import { inOrder } from './order.ts';
import type { ParsedFile } from './parse.ts';
import { contentsOf } from './resource-contents.ts';
import { ensureResource } from './resource-step.ts';
import { ensureRole, type WantedPrincipal } from './role-step.ts';
import type { Step } from './step.ts';
import { planTemplate } from './template-plan.ts';
import { NoValue, type ValueSource } from './values.ts';
import { isIdentity, typeOf, type WantedEntry } from './wanted-type.ts';

const defaultLocation = 'westeurope';
const groupType = 'Microsoft.Resources/resourceGroups';

/** A file that was read, and where its values come from. */
export interface PlannedFile extends ParsedFile {
  readonly source: ValueSource;
}

export interface PlanOptions {
  /** `/subscriptions/…` in which everything is made. */
  readonly subscription: string;
  readonly tenantId: string;
}

/**
 * What files want, as steps in an order in which they can be taken. Nothing is asked of the deployment.
 *
 * @throws FileErrors with everything that is wrong
 */
export function planEnvironment(files: readonly PlannedFile[], options: PlanOptions): readonly Step[] {
  const plan = new Plan(options);
  for (const file of files) plan.name(file);
  for (const file of files) plan.add(file);
  return plan.steps();
}

class Plan {
  readonly #options: PlanOptions;
  readonly #named = new NamedResources();
  readonly #steps: Step[] = [];
  /** By id in lower case: where it is wanted. */
  readonly #places = new Map<string, string>();
  readonly #problems: string[] = [];

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  steps(): readonly Step[] {
    if (this.#problems.length > 0) throw new FileErrors(this.#problems);
    return inOrder(this.#steps);
  }

  /** Learns what a file calls its resources, so that others may be named before they stand. */
  name(file: PlannedFile): void {
    for (const [at, entry] of (file.content.resources ?? []).entries()) {
      if ('template' in entry) continue;
      const named = this.#identify(entry, file, at);
      if (named === undefined) continue;
      const known = this.#places.get(named.id.toLowerCase());
      const place = file.positions.of(['resources', at]);
      if (known === undefined) this.#places.set(named.id.toLowerCase(), place);
      else this.#problems.push(`${place}: ${named.group}/${named.name} is wanted twice, at ${known} before`);
      this.#named.add(named);
    }
  }

  add(file: PlannedFile): void {
    const { content } = file;
    for (const [at, { name, location, tags }] of (content.groups ?? []).entries()) {
      this.#addGroup(name, file, ['groups', at], { location, tags });
    }
    for (const [at, entry] of (content.resources ?? []).entries()) {
      const group = entry.group ?? content.group;
      const groupPath = entry.group === undefined ? ['group'] : ['resources', at, 'group'];
      if (group !== undefined) this.#addGroup(group, file, groupPath);
      if ('template' in entry) this.#addTemplate(entry, file, at, group);
      else if (group === undefined) this.#groupless(file, at);
      else this.#addResource(entry, file, at);
    }
    if (content.group !== undefined) this.#addGroup(content.group, file, ['group']);
    for (const [at, role] of (content.roleAssignments ?? []).entries()) this.#addRole(role, file, at);
  }

  #groupless(file: PlannedFile, at: number): void {
    const hint = 'say group: here or at the top of the file; for a template that -f names, -g';
    this.#problems.push(`${file.positions.of(['resources', at])}: it is in no resource group: ${hint}`);
  }

  #groupId(name: string): string {
    return `${this.#options.subscription}/resourceGroups/${name}`;
  }

  #addGroup(
    name: string,
    file: PlannedFile,
    path: FilePath,
    more: { location?: string | undefined; tags?: Readonly<Record<string, string>> | undefined } = {},
  ): void {
    const id = this.#groupId(name);
    const key = id.toLowerCase();
    if (this.#steps.some((step) => step.key === key)) {
      if (path[0] === 'groups') {
        this.#problems.push(`${file.positions.of(path)}: the group ${name} stands twice in groups`);
      }
      return;
    }
    const wanted = {
      id,
      type: groupType,
      apiVersion: resourceGroupVersion,
      location: more.location,
      madeIn: file.content.location ?? defaultLocation,
      tags: more.tags,
      members: {},
    };
    this.#steps.push({
      key,
      what: 'resource group',
      name,
      place: file.positions.of(path),
      needs: [],
      apply: (world) => ensureResource(wanted, world),
    });
  }

  /** The id of an entry; `undefined`, and a problem, where type and name do not fit. */
  #identify(entry: WantedEntry, file: PlannedFile, at: number): NamedResource | undefined {
    const { type, name, apiVersion } = typeOf(entry);
    const group = entry.group ?? file.content.group;
    if (group === undefined) return undefined;
    const [namespace = '', ...types] = type.split('/');
    const names = name.split('/');
    if (types.length !== names.length) {
      this.#problems.push(
        `${file.positions.of(['resources', at], 'name')}: ${type} is named by ${types.length} names with / between`,
      );
      return undefined;
    }
    const pairs = types.map((one, depth) => `${one}/${names[depth]}`).join('/');
    return { id: `${this.#groupId(group)}/providers/${namespace}/${pairs}`, group, name, type, apiVersion };
  }

  #addResource(entry: WantedEntry, file: PlannedFile, at: number): void {
    const path = ['resources', at];
    const named = this.#identify(entry, file, at);
    if (named === undefined) return;
    const { type, what, apiVersion } = typeOf(entry);
    const identities =
      'identity' in entry && !isIdentity(entry)
        ? this.#identities(entry.identity, named, file, path)
        : undefined;
    const wanted = {
      id: named.id,
      type,
      apiVersion,
      location: entry.location,
      madeIn: this.#groupId(named.group),
      tags: entry.tags,
      identities,
      members: this.#members(entry),
    };
    this.#steps.push({
      key: named.id.toLowerCase(),
      what,
      name: `${named.group}/${named.name}`,
      place: file.positions.of(path),
      needs: [
        this.#groupId(named.group),
        ...(named.name.includes('/') ? [named.id.replace(/\/[^/]+\/[^/]+$/, '')] : []),
        ...(identities?.attached ?? []),
        ...this.#dependencies(entry.dependsOn, named.group, file, path),
      ].map((id) => id.toLowerCase()),
      apply: (world) => ensureResource(wanted, world),
    });
    this.#addContents(entry, named, file, at);
  }

  #members(entry: WantedEntry): Readonly<Record<string, unknown>> {
    if (isIdentity(entry)) return {};
    if ('vault' in entry) {
      const { tenantId } = this.#options;
      const sku = { family: 'A', name: 'standard' };
      return { properties: { tenantId, sku, enableRbacAuthorization: true, ...entry.properties } };
    }
    if ('type' in entry) {
      const { kind, sku, properties } = entry;
      return {
        ...(kind === undefined ? {} : { kind }),
        ...(sku === undefined ? {} : { sku }),
        ...(properties === undefined ? {} : { properties }),
      };
    }
    return { properties: entry.properties ?? {} };
  }

  /** The identities that an entry carries, by the names that it gives them. */
  #identities(
    texts: string | readonly string[] | undefined,
    { group }: NamedResource,
    file: PlannedFile,
    path: FilePath,
  ): WantedIdentities | undefined {
    if (texts === undefined) return undefined;
    const list = typeof texts === 'string' ? [texts] : texts;
    const place = [...path, 'identity'];
    if (list.includes('none')) {
      if (list.length > 1) this.#problems.push(`${file.positions.of(place)}: none stands alone`);
      return { system: false, attached: [] };
    }
    const attached = list.flatMap((text, at) => {
      if (isOwn(text)) return [];
      const where = typeof texts === 'string' ? place : [...place, at];
      return this.#identityId(text, group, file, where);
    });
    return { system: list.some(isOwn), attached: [...new Set(attached)] };
  }

  #identityId(text: string, group: string, file: PlannedFile, path: FilePath): readonly string[] {
    const found = this.#find(text, group, file, path, identityKind.type);
    if (found !== undefined) return [found.id];
    if (text.startsWith('/')) return [text];
    const [name = '', other = group, ...more] = text.split('/').reverse();
    if (more.length > 0 || name === '' || other === '') {
      this.#problems.push(`${file.positions.of(path)}: an identity is NAME, GROUP/NAME or an id`);
      return [];
    }
    return [`${this.#groupId(other)}/providers/${identityKind.type}/${name}`];
  }

  #find(
    text: string,
    group: string | undefined,
    file: PlannedFile,
    path: FilePath,
    type?: string,
  ): NamedResource | undefined {
    try {
      return this.#named.find(text, group, type);
    } catch (error) {
      if (!(error instanceof AmbiguousName)) throw error;
      this.#problems.push(`${file.positions.of(path)}: ${error.message}`);
      return undefined;
    }
  }

  #dependencies(
    texts: string | readonly string[] | undefined,
    group: string | undefined,
    file: PlannedFile,
    path: FilePath,
  ): readonly string[] {
    if (texts === undefined) return [];
    return (typeof texts === 'string' ? [texts] : texts).flatMap((text, at) => {
      const where = typeof texts === 'string' ? [...path, 'dependsOn'] : [...path, 'dependsOn', at];
      const found = this.#find(text, group, file, where);
      if (found === undefined)
        this.#problems.push(`${file.positions.of(where)}: the file has no resource of this name`);
      return found === undefined ? [] : [found.id];
    });
  }

  /** What stands within a resource: credentials of an identity, secrets of a vault. */
  #addContents(entry: WantedEntry, owner: NamedResource, file: PlannedFile, at: number): void {
    for (const { path, content } of contentsOf(entry, owner, file.source)) {
      const place = ['resources', at, ...path];
      if (typeof content === 'string') {
        this.#problems.push(`${this.#placeOf(file, place)}: ${path.join('.')}: ${content}`);
      } else this.#push(file, place, content);
    }
  }

  #addTemplate(entry: EnvironmentTemplate, file: PlannedFile, at: number, group: string | undefined): void {
    const path = ['resources', at];
    const needs = this.#dependencies(entry.dependsOn, group, file, path);
    try {
      const { inGroup, ...step } = planTemplate(entry, file.source, {
        subscription: this.#options.subscription,
        groupId: this.#groupId(group ?? ''),
        location: file.content.location ?? defaultLocation,
      });
      if (inGroup && group === undefined) this.#groupless(file, at);
      const groups = group === undefined ? [] : [this.#groupId(group)];
      this.#push(file, path, { ...step, needs: [...groups, ...needs].map((id) => id.toLowerCase()) });
    } catch (error) {
      if (error instanceof FileErrors) this.#problems.push(...error.lines);
      else if (error instanceof NoValue) {
        this.#problems.push(`${file.positions.of(path, 'template')}: ${error.message}`);
      } else throw error;
    }
  }

  #addRole({ role, assignee, scope, description }: EnvironmentRole, file: PlannedFile, at: number): void {
    const path = ['roleAssignments', at];
    const group = file.content.group;
    const target = this.#scopeOf(scope, group, file, path);
    const names = typeof assignee === 'string' ? [assignee] : assignee;
    for (const [place, name] of names.entries()) {
      const where = typeof assignee === 'string' ? [...path, 'assignee'] : [...path, 'assignee', place];
      const found = this.#find(name, group, file, where);
      const principal: WantedPrincipal =
        found === undefined
          ? { kind: 'name', name }
          : { kind: 'resource', id: found.id, type: found.type, apiVersion: found.apiVersion };
      this.#push(file, where, {
        key: `${file.positions.file}#roleAssignments/${at}/${place}`,
        what: 'role assignment',
        name: `${role} for ${name} on ${target.said}`,
        needs: [...(found === undefined ? [] : [found.id]), target.id].map((id) => id.toLowerCase()),
        apply: (world) => ensureRole({ role, principal, scope: target.id, description }, world),
      });
    }
  }

  #scopeOf(
    scope: EnvironmentRole['scope'],
    group: string | undefined,
    file: PlannedFile,
    path: FilePath,
  ): { readonly id: string; readonly said: string } {
    if (typeof scope === 'string') {
      const found = this.#find(scope, group, file, [...path, 'scope']);
      return { id: found?.id ?? scope, said: scope };
    }
    if ('group' in scope) return { id: this.#groupId(scope.group), said: `the group ${scope.group}` };
    return { id: this.#options.subscription, said: 'the subscription' };
  }

  #push(file: PlannedFile, path: FilePath, step: Omit<Step, 'place'>): void {
    this.#steps.push({ ...step, place: this.#placeOf(file, path) });
  }

  /** Of a member its key stands for it: that is where people look. */
  #placeOf({ positions }: PlannedFile, path: FilePath): string {
    const last = path.at(-1);
    return typeof last === 'string' ? positions.of(path.slice(0, -1), last) : positions.of(path);
  }
}
