import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import { checkCredentialKey } from '../../foundation/credential-key.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type MachineId,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import type { IdentityCredentialsTable } from '../storage/tables.ts';
import {
  insertCredential,
  removeCredentials,
  selectCredential,
  selectThumbprintsOnMachine,
} from './credential-store.ts';
import { identitiesOf } from './identity-store.ts';
import type { Certificate, InstanceAuthorities } from './instance-authority.ts';

/** Certificates that a machine may hold for one identity: the one in use, and the one that replaces it. */
export const maxCredentialsPerIdentity = 2;

export interface CredentialRequest {
  readonly tenantId: TenantId;
  readonly machineId: MachineId;
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
  /** ARM id of the resource that the machine is enrolled for. */
  readonly resourceId: string;
  /** Made on the machine, which has proven that it holds the other half. */
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface IssuedCertificate extends Certificate {
  /** SHA-256 of the certificate, base64url: `x5t#S256`. */
  readonly thumbprint: string;
}

/**
 * Certifies a machine's key for one identity that its resource carries now. Of earlier certificates of the machine for
 * this identity the newest stays valid, so that tokens being asked for meanwhile are still issued.
 *
 * @throws DomainError `forbidden` where the resource does not carry the identity, `invalid-value` for a key that is
 *   not accepted
 */
export async function issueCredential(
  transaction: Transaction,
  request: CredentialRequest,
  authorities: InstanceAuthorities,
): Promise<IssuedCertificate> {
  const { tenantId, machineId, principalId, clientId, resourceId, publicKey, at } = request;
  checkCredentialKey(publicKey);
  const resourceCanonical = canonicalId(parseScope(resourceId));
  const carried = await identitiesOf(transaction, tenantId, resourceCanonical);
  const identity = carried.find((candidate) => candidate.principalId === principalId);
  if (identity === undefined || identity.clientId !== clientId || !identity.enabled) {
    throw new DomainError('forbidden', `The resource does not carry the identity '${clientId}'.`, {
      code: 'IdentityNotAssigned',
    });
  }

  const held = await selectThumbprintsOnMachine(transaction, tenantId, machineId, principalId);
  for (const thumbprint of held.slice(maxCredentialsPerIdentity - 1)) {
    await removeCredentials(transaction, { tenantId, thumbprint, at });
  }
  const certificate = await authorities.certify(
    transaction,
    { tenantId, principalId, clientId, resourceId, holder: `machines/${machineId}` },
    publicKey,
    at,
  );
  const thumbprint = thumbprintOf(certificate.certificate);
  await insertCredential(
    transaction,
    {
      thumbprint,
      tenant_id: tenantId,
      client_id: clientId,
      principal_id: principalId,
      machine_id: machineId,
      resource_id: resourceId,
      resource_canonical: resourceCanonical,
      certificate: certificate.certificate,
      not_before: certificate.notBefore,
      not_after: certificate.notAfter,
    },
    at,
  );
  return { ...certificate, thumbprint };
}

function thumbprintOf(certificate: string): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');
}

/** A provisioned certificate as the token service needs it. */
export interface IdentityCredential {
  readonly thumbprint: string;
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly principalId: PrincipalId;
  readonly machineId: MachineId;
  /** ARM id of the resource that carries the identity, as displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * The credential of a thumbprint (SHA-256 of the certificate, base64url), as far as it is this client's in this
 * tenant. Whether it is within its time is the caller's question.
 */
export async function findCredential(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
  thumbprint: string,
): Promise<IdentityCredential | undefined> {
  const row = await selectCredential(queries, tenantId, clientId, thumbprint);
  return row === undefined ? undefined : fromRow(row);
}

function fromRow(row: IdentityCredentialsTable): IdentityCredential {
  return {
    thumbprint: row.thumbprint,
    tenantId: guid<TenantId>(row.tenant_id),
    clientId: guid<ClientId>(row.client_id),
    principalId: guid<PrincipalId>(row.principal_id),
    machineId: guid<MachineId>(row.machine_id),
    resourceId: row.resource_id,
    resourceCanonical: row.resource_canonical as CanonicalId,
    publicKey: new X509Certificate(row.certificate).publicKey,
    notBefore: row.not_before,
    notAfter: row.not_after,
  };
}

/** Digest of a certificate (DER), base64url without padding. */
export interface Thumbprint {
  readonly algorithm: 'sha-1' | 'sha-256';
  readonly value: string;
}

/** Thumbprints of a client that are kept at most; a client of very many machines is looked up more often. */
const keptPerClient = 4096;
const thumbprintPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The look-up of the token service. A client's certificates are kept ready, by thumbprint, and all of them are dropped
 * with the first change to the client, so a removed one is refused from the first request after the commit.
 */
export class IdentityCredentials {
  readonly #database: Database;
  readonly #clients: FollowedCache<Map<string, IdentityCredential>>;

  constructor(database: Database, follower: ChangeFollower, capacity = 10_000) {
    this.#database = database;
    this.#clients = new FollowedCache(follower, { kind: 'client', capacity });
  }

  /**
   * As `findCredential`. Only SHA-256 names a certificate here: the hosts' agents name theirs so, and nobody else has
   * the keys.
   */
  async find(
    tenantId: TenantId,
    clientId: ClientId,
    thumbprint: Thumbprint,
  ): Promise<IdentityCredential | undefined> {
    const { algorithm, value } = thumbprint;
    if (algorithm !== 'sha-256' || !thumbprintPattern.test(value)) return undefined;
    const known = await this.#clients.get(tenantId, clientId, async () => new Map());
    const hit = known?.get(value);
    if (hit !== undefined) return hit;
    const found = await findCredential(this.#database.read, tenantId, clientId, value);
    // What was read may already be outdated for a map that a change has dropped: then nobody reads that map again.
    if (found !== undefined && known !== undefined && known.size < keptPerClient) known.set(value, found);
    return found;
  }
}
