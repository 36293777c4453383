import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { DomainError } from '../../foundation/domain-error.ts';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import type { ProviderCredentialsTable } from '../storage/identity-tables.ts';
import type { Thumbprint } from './credentials.ts';
import { auditIssue } from './identity-audit.ts';
import type { IdentityKey } from './identity-keys.ts';
import type { ManagedIdentity } from './identity-store.ts';
import type { InstanceAuthorities } from './instance-authority.ts';
import { keyStore } from './key-store.ts';
import { replaceHeld, selectHeld, selectHeldCertificate } from './provider-credential-store.ts';

/** Certificates that a provider may hold for one identity on one resource: the one in use, and its successor. */
export const maxHeld = 2;

const day = 86_400_000;
/** When a provider should renew, counted from the issue (`spec/resource-manager.md` c.3). */
const renewedFrom = 46 * day;

export interface ProviderRequest {
  readonly tenantId: TenantId;
  /** Principal of the application that asks, which may have the identities' credentials on the resource. */
  readonly providerId: PrincipalId;
  /** Carried by the resource in this very transaction. */
  readonly identity: ManagedIdentity;
  readonly resource: {
    readonly resourceId: string;
    readonly canonical: CanonicalId;
    /** When it was last written: milliseconds since the epoch. */
    readonly changedAt: number;
  };
  readonly key: IdentityKey;
  /** What the provider asserts of the resource, for the certificate. */
  readonly assertions: readonly string[];
  readonly tokenId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ProviderCredential {
  /** PKCS #12 without a password: the one place where the private key is. */
  readonly store: Buffer;
  /** Milliseconds since the epoch, whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly renewAfter: number;
  readonly cannotRenewAfter: number;
}

/**
 * Certifies a fresh key for an identity, for the provider that asks. Of what the provider held for it on this resource
 * the newest stays valid. A provider that let all of it end gets more only once the resource was written again.
 *
 * @throws DomainError `forbidden`: `IdentityDisabled`, `CredentialRenewalWindowPassed`
 */
export async function issueToProvider(
  transaction: Transaction,
  request: ProviderRequest,
  { authorities, randomness }: { readonly authorities: InstanceAuthorities; readonly randomness: Randomness },
): Promise<ProviderCredential> {
  const { tenantId, providerId, identity, resource, key, assertions, at } = request;
  const { principalId, clientId, displayName } = identity;
  if (!identity.enabled) {
    throw new DomainError('forbidden', `The identity '${clientId}' is disabled.`, {
      code: 'IdentityDisabled',
    });
  }
  const { resourceId, canonical: resourceCanonical } = resource;
  const held = await selectHeld(transaction, { tenantId, providerId, principalId, resourceCanonical });
  const lastTime = Math.max(...held.map((row) => row.not_after));
  if (held.length > 0 && lastTime <= at && resource.changedAt <= lastTime) {
    throw new DomainError(
      'forbidden',
      `The credentials of the identity '${clientId}' could be renewed until ${new Date(lastTime).toISOString()}. They are issued again once the resource was updated.`,
      { code: 'CredentialRenewalWindowPassed' },
    );
  }
  const { certificate, notBefore, notAfter } = await authorities.certify(
    transaction,
    { tenantId, principalId, clientId, resourceId, holder: `providers/${providerId}`, assertions },
    key.publicKey,
    at,
  );
  const { raw } = new X509Certificate(certificate);
  const digest = (name: string) => createHash(name).update(raw).digest('base64url');
  const sha256 = digest('sha256');
  await replaceHeld(
    transaction,
    {
      sha256,
      sha1: digest('sha1'),
      tenant_id: tenantId,
      client_id: clientId,
      principal_id: principalId,
      provider_id: providerId,
      resource_id: resourceId,
      resource_canonical: resourceCanonical,
      certificate,
      not_before: notBefore,
      not_after: notAfter,
      issued_at: at,
    },
    held.slice(maxHeld - 1),
    tenantId,
  );
  const { tokenId } = request;
  await auditIssue(transaction, {
    ...{ tenantId, principalId, displayName, resourceId, providerId, tokenId, at },
    thumbprint: sha256,
  });
  const privateKey = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  const store = await keyStore({ privateKey, certificate: raw }, randomness);
  privateKey.fill(0);
  const renewAfter = Math.floor((at + renewedFrom) / 1000) * 1000;
  return { store, notBefore, notAfter, renewAfter, cannotRenewAfter: notAfter };
}

/** A provider's certificate as the token service needs it. */
export interface HeldCertificate {
  /** SHA-256, base64url. */
  readonly thumbprint: string;
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly principalId: PrincipalId;
  readonly providerId: PrincipalId;
  /** ARM id of the resource that carries the identity, as displayed. */
  readonly resourceId: string;
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Whether a provider may still have the credentials of what a resource carries. */
export type MayHold = (
  credential: Pick<HeldCertificate, 'tenantId' | 'providerId' | 'resourceId'>,
) => Promise<boolean>;

/** Certificates of a client that are kept ready at most. */
const keptPerClient = 1024;

/**
 * The look-up of the token service. A certificate counts as long as its provider may have it: a provider that was
 * disabled, or whose right ended, proves nothing with what it was given before.
 */
export class ProviderCredentials {
  readonly #database: Database;
  readonly #mayHold: MayHold;
  readonly #clients: FollowedCache<Map<string, HeldCertificate>>;

  constructor(database: Database, follower: ChangeFollower, mayHold: MayHold) {
    this.#database = database;
    this.#mayHold = mayHold;
    this.#clients = new FollowedCache(follower, { kind: 'client', capacity: 10_000 });
  }

  /** The client's certificate of a thumbprint; whether it is within its time is the caller's question. */
  async find(
    tenantId: TenantId,
    clientId: ClientId,
    thumbprint: Thumbprint,
  ): Promise<HeldCertificate | undefined> {
    const found = await this.#look(tenantId, clientId, thumbprint);
    return found !== undefined && (await this.#mayHold(found)) ? found : undefined;
  }

  async #look(
    tenantId: TenantId,
    clientId: ClientId,
    { algorithm, value }: Thumbprint,
  ): Promise<HeldCertificate | undefined> {
    const column = algorithm === 'sha-256' ? 'sha256' : 'sha1';
    const name = `${column} ${value}`;
    const known = await this.#clients.get(tenantId, clientId, async () => new Map());
    const hit = known?.get(name);
    if (hit !== undefined) return hit;
    const row = await selectHeldCertificate(this.#database.read, tenantId, clientId, column, value);
    if (row === undefined) return undefined;
    const found = fromRow(row);
    // What was read may already be outdated for a map that a change has dropped: then nobody reads that map again.
    if (known !== undefined && known.size < keptPerClient) known.set(name, found);
    return found;
  }
}

function fromRow(row: ProviderCredentialsTable): HeldCertificate {
  return {
    thumbprint: row.sha256,
    tenantId: guid<TenantId>(row.tenant_id),
    clientId: guid<ClientId>(row.client_id),
    principalId: guid<PrincipalId>(row.principal_id),
    providerId: guid<PrincipalId>(row.provider_id),
    resourceId: row.resource_id,
    publicKey: new X509Certificate(row.certificate).publicKey,
    notBefore: Number(row.not_before),
    notAfter: Number(row.not_after),
  };
}
