import { type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import type { TenantId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import { loadX509 } from '../../foundation/x509.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import type { IdentityIds } from './identity-store.ts';

const day = 86_400_000;
const authorityLife = 3650 * day;
/** A new authority takes over so early that no certificate outlives the one that signed it. */
const authorityRenewedBefore = 365 * day;
export const credentialLife = 90 * day;
/** Certificates begin in the past, for hosts whose clock is behind. */
const backdated = 300_000;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const purpose = 'instance-ca';

/** Whom a certificate is for. Nothing of it comes from the certificate request but the public key. */
export interface CertificateSubject extends IdentityIds {
  readonly tenantId: TenantId;
  /** Who holds the key, by what it is: a machine, a resource provider. */
  readonly holder: `machines/${string}` | `providers/${string}`;
  /** ARM id of the resource that carries the identity. */
  readonly resourceId: string;
  /** What the holder asserts beside, as segments of a path; nothing unless told. */
  readonly assertions?: readonly string[];
}

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

interface Authority {
  readonly certificate: string;
  readonly signingKey: webcrypto.CryptoKey;
  readonly notAfter: number;
}

/**
 * The authority of each tenant that signs the certificates of identities. Its key (P-256) is made when first
 * needed, lies sealed in `signing_keys`, and signs nothing else.
 */
export class InstanceAuthorities {
  readonly #sealer: Sealer;
  readonly #randomness: Randomness;
  /** By tenant and key id; a key id names the same key for ever. */
  readonly #opened = new Map<string, Authority>();
  static readonly #kept = 1024;

  constructor(options: { readonly sealer: Sealer; readonly randomness: Randomness }) {
    this.#sealer = options.sealer;
    this.#randomness = options.randomness;
  }

  /**
   * Makes a certificate for one identity with one holder, for 90 days from `at`: client authentication only, the
   * client id as its name, tenant, resource, holder and what that asserts as URIs beside it.
   */
  async certify(
    transaction: Transaction,
    subject: CertificateSubject,
    publicKey: KeyObject,
    at: number,
  ): Promise<Certificate> {
    const x509 = await loadX509();
    const authority = await this.#authority(transaction, subject.tenantId, at);
    const issuer = new x509.X509Certificate(authority.certificate);
    const spki = await webcrypto.subtle.importKey(
      'spki',
      publicKey.export({ type: 'spki', format: 'der' }),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      true,
      ['verify'],
    );
    const notBefore = wholeSeconds(at - backdated);
    const notAfter = wholeSeconds(at + credentialLife);
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: this.#serialNumber(),
        subject: [{ CN: [subject.clientId] }, { O: [subject.tenantId] }],
        issuer: issuer.subject,
        notBefore: new Date(notBefore),
        notAfter: new Date(notAfter),
        publicKey: spki,
        signingKey: authority.signingKey,
        signingAlgorithm: ecdsa,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
          await x509.AuthorityKeyIdentifierExtension.create(
            issuer.publicKey,
            false,
            webcrypto as unknown as Crypto,
          ),
          new x509.SubjectAlternativeNameExtension(
            subjectUris(subject).map((value) => ({ type: 'url' as const, value })),
          ),
        ],
      },
      webcrypto as unknown as Crypto,
    );
    return { certificate: certificate.toString('pem'), notBefore, notAfter };
  }

  async #authority(transaction: Transaction, tenantId: TenantId, at: number): Promise<Authority> {
    const row = await activeKey(transaction, tenantId);
    if (row === undefined) return await this.#create(transaction, tenantId, at);
    const name = `${tenantId}/${row.kid}`;
    let authority = this.#opened.get(name);
    if (authority === undefined) {
      const der = await this.#sealer.open(place(tenantId, row.kid), row.private_key_sealed);
      authority = await open(row.certificate, der);
      this.#keep(name, authority);
    }
    if (authority.notAfter - at > authorityRenewedBefore) return authority;
    await transaction
      .updateTable('signing_keys')
      .set({ state: 'retired' })
      .where('tenant_id', '=', tenantId)
      .where('kid', '=', row.kid)
      .execute();
    return await this.#create(transaction, tenantId, at);
  }

  async #create(transaction: Transaction, tenantId: TenantId, at: number): Promise<Authority> {
    const x509 = await loadX509();
    const kid = randomText(this.#randomness, 24);
    const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: this.#serialNumber(),
        name: [{ CN: [`Innate instance authority ${kid}`] }, { O: [tenantId] }],
        notBefore: new Date(wholeSeconds(at - backdated)),
        notAfter: new Date(wholeSeconds(at + authorityLife)),
        keys,
        signingAlgorithm: ecdsa,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
          await x509.SubjectKeyIdentifierExtension.create(
            keys.publicKey,
            false,
            webcrypto as unknown as Crypto,
          ),
        ],
      },
      webcrypto as unknown as Crypto,
    );
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const pem = certificate.toString('pem');
    await transaction
      .insertInto('signing_keys')
      .values({
        tenant_id: tenantId,
        kid,
        purpose,
        state: 'active',
        alg: 'ES256',
        certificate: pem,
        private_key_sealed: await this.#sealer.seal(place(tenantId, kid), der),
        created_at: at,
        activated_at: at,
      })
      .execute();
    // Not kept in memory: the caller's transaction may yet roll back.
    const authority = await open(pem, der);
    der.fill(0);
    return authority;
  }

  #keep(name: string, authority: Authority): void {
    if (this.#opened.size >= InstanceAuthorities.#kept) this.#opened.clear();
    this.#opened.set(name, authority);
  }

  /** 127 random bits, positive, as RFC 5280 §4.1.2.2 wants it. */
  #serialNumber(): string {
    const bytes = this.#randomness.bytes(16);
    bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
    return Buffer.from(bytes).toString('hex');
  }
}

async function activeKey(
  queries: Queries,
  tenantId: TenantId,
): Promise<
  { readonly kid: string; readonly certificate: string; readonly private_key_sealed: Uint8Array } | undefined
> {
  return await queries
    .selectFrom('signing_keys')
    .select(['kid', 'certificate', 'private_key_sealed'])
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', purpose)
    .where('state', '=', 'active')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function place(tenantId: TenantId, kid: string) {
  return { tenantId, table: 'signing_keys', column: 'private_key_sealed', row: kid };
}

async function open(certificate: string, der: Uint8Array): Promise<Authority> {
  const signingKey = await webcrypto.subtle.importKey('pkcs8', Uint8Array.from(der), ecdsa, false, ['sign']);
  return { certificate, signingKey, notAfter: new X509Certificate(certificate).validToDate.getTime() };
}

/** `innate://<tenant>` followed by what is named: the client, the holder, the resource, what is asserted. */
function subjectUris(subject: CertificateSubject): readonly string[] {
  const { tenantId, clientId, holder, resourceId, assertions = [] } = subject;
  const origin = `innate://${tenantId}`;
  return [
    `${origin}/clients/${clientId}`,
    `${origin}/${holder}`,
    `${origin}${encodeURI(resourceId)}`,
    ...assertions.map((assertion) => `${origin}/assertions/${assertion}`),
  ];
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
