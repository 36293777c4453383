import { z } from 'zod';
import type { ClientId, TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';

const redirectUris = z.array(z.string().max(2048)).max(256).default([]);

/** A permission that people give to applications, as an API declares it (Graph's `permissionScope`). */
export const permissionScope = z.looseObject({
  id: z.string(),
  value: z.string().max(120),
  isEnabled: z.boolean().default(true),
  /** `User`: each person decides for themselves; `Admin`: only an administrator does. */
  type: z.enum(['User', 'Admin']).default('Admin'),
  adminConsentDisplayName: z.string().nullish(),
  adminConsentDescription: z.string().nullish(),
  userConsentDisplayName: z.string().nullish(),
  userConsentDescription: z.string().nullish(),
});
export type PermissionScope = z.infer<typeof permissionScope>;

/**
 * What an application declares about itself: the column `applications.manifest`, members as in Graph's `application`.
 * Members that nothing here reads are kept as they are.
 */
export const applicationManifest = z.looseObject({
  /** Keeps no secret, whatever it is redirected to: device codes, and tools on people's machines. */
  isFallbackPublicClient: z.boolean().nullish(),
  /** Redirects of servers, which prove themselves when they redeem a code. */
  web: z
    .looseObject({
      redirectUris,
      logoutUrl: z.string().max(2048).nullish(),
      implicitGrantSettings: z
        .looseObject({
          enableIdTokenIssuance: z.boolean().nullish(),
          enableAccessTokenIssuance: z.boolean().nullish(),
        })
        .nullish(),
    })
    .default({ redirectUris: [] }),
  /** Redirects of programs in a browser. */
  spa: z.looseObject({ redirectUris }).default({ redirectUris: [] }),
  /** Redirects of programs on people's machines. */
  publicClient: z.looseObject({ redirectUris }).default({ redirectUris: [] }),
  api: z
    .looseObject({
      requestedAccessTokenVersion: z.int().nullish(),
      oauth2PermissionScopes: z.array(permissionScope).default([]),
      /** Applications that need nobody's consent for the named permissions. */
      preAuthorizedApplications: z
        .array(z.looseObject({ appId: z.string(), delegatedPermissionIds: z.array(z.string()).default([]) }))
        .default([]),
    })
    .default({ oauth2PermissionScopes: [], preAuthorizedApplications: [] }),
});
export type ApplicationManifest = z.infer<typeof applicationManifest>;

/** Reads the column; a text that is no manifest is a broken database. */
export function parseManifest(column: string): ApplicationManifest {
  return applicationManifest.parse(JSON.parse(column));
}

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
