import { guid, type UserId } from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import { directoryRole } from '../directory/directory-roles.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import { type GraphPermission, graphPermissions } from '../directory/graph-app-roles.ts';
import type { Caller } from '../http/bearer.ts';
import { graphAppId } from '../http/dialects/graph.ts';

/** Scopes by which an application may do whatever the person may. */
const asThePerson = new Set(['Directory.AccessAsUser.All', '.default']);

/** What everybody may who is no guest, without a role: see the directory (Entra's default for members). */
const ofMembers: readonly GraphPermission[] = [
  'Application.Read.All',
  'Directory.Read.All',
  'Domain.Read.All',
  'Group.Read.All',
  'GroupMember.Read.All',
  'Organization.Read.All',
  'RoleManagement.Read.Directory',
  'User.Read.All',
];

/** What everybody may of groups that they own. */
const ofOwners: readonly GraphPermission[] = ['Group.OwnedBy', 'GroupMember.OwnedBy'];

/** Scopes that a scope is more than. */
const implied: Readonly<Record<string, readonly string[]>> = {
  'Directory.ReadWrite.All': ['Directory.Read.All', 'Group.ReadWrite.All', 'User.ReadWrite.All'],
  'Directory.Read.All': [
    'Application.Read.All',
    'Domain.Read.All',
    'Group.Read.All',
    'Organization.Read.All',
    'RoleManagement.Read.Directory',
    'User.Read.All',
  ],
  'Application.ReadWrite.All': ['Application.Read.All'],
  'Group.ReadWrite.All': ['Group.Read.All', 'Group.Create', 'Group.OwnedBy', 'GroupMember.ReadWrite.All'],
  'Group.Read.All': ['GroupMember.Read.All'],
  'GroupMember.ReadWrite.All': ['GroupMember.Read.All', 'GroupMember.OwnedBy'],
  'RoleManagement.ReadWrite.Directory': ['RoleManagement.Read.Directory'],
  'User.ReadWrite.All': ['User.Read.All'],
};

/**
 * What a caller may do at Graph, as the directory says at this moment, whatever its token says: an application what it
 * was assigned and its directory roles open; a person what members may see, what is theirs, and what their directory
 * roles open, as far as the application that acts for them may.
 */
export class GraphPermissions {
  readonly #directory: Pick<Directory, 'appRoles' | 'user'>;

  constructor(directory: Pick<Directory, 'appRoles' | 'user'>) {
    this.#directory = directory;
  }

  async of(caller: Caller): Promise<ReadonlySet<GraphPermission>> {
    const { tenantId, principalId } = caller;
    const { appRoles } = this.#directory;
    const roles = await appRoles.directoryRoles(tenantId, principalId);
    const byRole = roles.flatMap((templateId) => directoryRole(templateId)?.permissions ?? []);
    if (caller.principalType === 'User') {
      const may = [...byRole, ...(await this.#ofPerson(caller))];
      if (actsAsPerson(caller)) return new Set(may);
      const scopes = withImplied(caller.scopes);
      return new Set(may.filter((permission) => scopes.has(permission)));
    }
    const graph = firstPartyPrincipal(tenantId, { appId: graphAppId });
    if (graph === undefined) throw new Error('Graph has no service principal');
    const holder = { id: principalId, kind: 'Application' } as const;
    const assigned = (await appRoles.at(tenantId, holder, graph)).values;
    return new Set([...byRole, ...graphPermissions.filter((name) => assigned.includes(name))]);
  }

  /** What a person may without any role. */
  async #ofPerson({ tenantId, principalId }: Caller): Promise<readonly GraphPermission[]> {
    const user = await this.#directory.user(tenantId, guid<UserId>(principalId));
    const isMember = user !== undefined && user.profile['userType'] !== 'Guest';
    return isMember ? [...ofMembers, ...ofOwners] : ofOwners;
  }
}

/** Whether the application that acts for a person may do whatever the person may. */
export function actsAsPerson({ scopes }: Caller): boolean {
  return scopes.some((scope) => asThePerson.has(scope));
}

/** Scopes, and those that they are more than. */
function withImplied(scopes: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...scopes];
  for (let scope = waiting.pop(); scope !== undefined; scope = waiting.pop()) {
    if (found.has(scope)) continue;
    found.add(scope);
    waiting.push(...(implied[scope] ?? []));
  }
  return found;
}
