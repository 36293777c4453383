import type { AppRoles } from '../directory/app-roles.ts';
import { directoryRole } from '../directory/directory-roles.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import { type GraphPermission, graphPermissions } from '../directory/graph-app-roles.ts';
import type { Caller } from '../http/bearer.ts';
import { graphAppId } from '../http/dialects/graph.ts';

/** Scopes by which an application may do whatever the person may. */
const asThePerson = new Set(['Directory.AccessAsUser.All', '.default']);

/**
 * What a caller may do at Graph, as the directory says at this moment, whatever its token says: an application what it
 * was assigned and its directory roles open; a person what their directory roles open, as far as the application that
 * acts for them may.
 */
export class GraphPermissions {
  readonly #appRoles: Pick<AppRoles, 'at' | 'directoryRoles'>;

  constructor(appRoles: Pick<AppRoles, 'at' | 'directoryRoles'>) {
    this.#appRoles = appRoles;
  }

  async of(caller: Caller): Promise<ReadonlySet<GraphPermission>> {
    const { tenantId, principalId } = caller;
    const roles = await this.#appRoles.directoryRoles(tenantId, principalId);
    const byRole = roles.flatMap((templateId) => directoryRole(templateId)?.permissions ?? []);
    if (caller.principalType === 'User') {
      const scopes = new Set(caller.scopes.flatMap(impliedBy));
      return new Set(byRole.filter((permission) => actsAsPerson(caller) || scopes.has(permission)));
    }
    const graph = firstPartyPrincipal(tenantId, { appId: graphAppId });
    if (graph === undefined) throw new Error('Graph has no service principal');
    const holder = { id: principalId, kind: 'Application' } as const;
    const assigned = (await this.#appRoles.at(tenantId, holder, graph)).values;
    return new Set([...byRole, ...graphPermissions.filter((name) => assigned.includes(name))]);
  }
}

/** Whether the application that acts for a person may do whatever the person may. */
export function actsAsPerson({ scopes }: Caller): boolean {
  return scopes.some((scope) => asThePerson.has(scope));
}

/** A scope that writes reads as well. */
function impliedBy(scope: string): readonly string[] {
  return [scope, scope.replace('.ReadWrite.', '.Read.')];
}
