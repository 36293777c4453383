import {
  type ApplicationMembers,
  api,
  applicationMembers,
  permissionScope,
  preAuthorizedApplication,
  publicClient,
  spa,
  web,
} from '../../contract/graph-application.ts';
import type { ClientId, TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';

export type { PermissionScope } from '../../contract/graph-application.ts';

const redirectUris = web.shape.redirectUris.unwrap().default([]);

/**
 * What an application declares about itself: the column `applications.manifest`, members as in Graph's `application`.
 * The lists that grants read are always there.
 */
export const applicationManifest = applicationMembers.extend({
  /** Redirects of servers, which prove themselves when they redeem a code. */
  web: web.extend({ redirectUris }).default({ redirectUris: [] }),
  /** Redirects of programs in a browser. */
  spa: spa.extend({ redirectUris }).default({ redirectUris: [] }),
  /** Redirects of programs on people's machines. */
  publicClient: publicClient.extend({ redirectUris }).default({ redirectUris: [] }),
  api: api
    .extend({
      oauth2PermissionScopes: permissionScope.array().default([]),
      /** Applications that need nobody's consent for the named permissions. */
      preAuthorizedApplications: preAuthorizedApplication.array().default([]),
    })
    .default({ oauth2PermissionScopes: [], preAuthorizedApplications: [] }),
});
export type ApplicationManifest = ReturnType<typeof parseManifest>;

/** Reads the column; a text that is no manifest is a broken database. */
export function parseManifest(column: string) {
  return applicationManifest.parse(JSON.parse(column));
}

/** The manifest of an application that declares nothing. */
export const emptyManifest: ApplicationManifest = parseManifest('{}');

/** What the application of a client id declares; `undefined` where the tenant has no such application. */
export async function selectManifest(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
): Promise<ApplicationManifest | undefined> {
  const row = await queries
    .selectFrom('applications')
    .select('manifest')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  return row && parseManifest(row.manifest);
}

/** Members that are objects: a change names those of their members that change. */
const objects = ['api', 'info', 'optionalClaims', 'publicClient', 'spa', 'web'] as const;

/** A manifest after a change: what the change does not name stays. `null` takes a member away. */
export function changedManifest(
  manifest: ApplicationManifest,
  change: ApplicationMembers,
): ApplicationManifest {
  const merged: Record<string, unknown> = { ...manifest };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete merged[name];
    else if (value !== undefined) merged[name] = value;
  }
  for (const name of objects) {
    const value = change[name];
    if (value !== null && value !== undefined) merged[name] = { ...manifest[name], ...value };
  }
  return parseManifest(JSON.stringify(merged));
}
