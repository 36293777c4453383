import type { Scope } from '../../contract/resource-id.ts';
import { formatScope } from '../../contract/resource-id.ts';
import { fullType } from '../resource-manager/operation-registry.ts';
import type { KnownType } from './facts.ts';
import { type Ask, type Pause, settled, urlOf } from './resource-write.ts';
import type { Run } from './run.ts';

/** Version of the lists that are asked for. */
const listVersion = '2021-04-01';

/** A resource as the list of a group has it. */
export interface ListedResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
}

/** The resources of a group that the deployer may see. */
export async function resourcesIn(ask: Ask, group: Scope): Promise<readonly ListedResource[]> {
  const found: ListedResource[] = [];
  let url: string | undefined = urlOf(`${formatScope(group)}/resources`, listVersion);
  while (url !== undefined) {
    const { body } = await ask({ method: 'GET', url });
    const page = body as { readonly value: readonly ListedResource[]; readonly nextLink?: string };
    found.push(...page.value);
    url = page.nextLink === undefined ? undefined : pathOf(page.nextLink);
  }
  return found;
}

function pathOf(address: string): string {
  const { pathname, search } = new URL(address);
  return `${pathname}${search}`;
}

/** The newest version of a type that is no preview, for requests that no template names one for. */
export function newestVersion(types: readonly KnownType[], type: string): string | undefined {
  const versions = types.find((one) => fullType(one).toLowerCase() === type.toLowerCase())?.apiVersions ?? [];
  const newestFirst = [...versions].sort().reverse();
  return newestFirst.find((version) => /^\d{4}-\d{2}-\d{2}$/.test(version)) ?? newestFirst[0];
}

/**
 * Mode `Complete`: deletes what the group has and the template does not list, with the deployer's rights, once all that
 * it lists is there. What lies within another goes before it; locks hold.
 */
export async function deleteUnlisted(
  parts: {
    readonly ask: Ask;
    readonly pause: Pause;
    readonly run: Run;
    readonly types: readonly KnownType[];
  },
  group: Scope,
): Promise<void> {
  const { ask, pause, run, types } = parts;
  const listed = new Set(run.listed.map((id) => id.toLowerCase()));
  const unlisted = (await resourcesIn(ask, group)).filter((resource) => !isKept(resource.id, listed));
  const innermostFirst = [...unlisted].sort((one, other) => depth(other.id) - depth(one.id));
  for (const { id, name, type } of innermostFirst) {
    await run.pause(0);
    await run.step('Delete', { key: id.toLowerCase(), id, type, name }, async () => {
      const url = urlOf(id, newestVersion(types, type) ?? listVersion);
      await settled(ask, pause, { method: 'DELETE', url });
      return { statusCode: 'OK', outputResources: [] };
    });
  }
}

/** A resource stays where it is listed, where one within it is, and where it lies within one that is. */
export function isKept(id: string, listed: ReadonlySet<string>): boolean {
  const own = id.toLowerCase();
  return [...listed].some((one) => one === own || one.startsWith(`${own}/`) || own.startsWith(`${one}/`));
}

function depth(id: string): number {
  return id.split('/').length;
}
