import type { KeyObject } from 'node:crypto';
import type { ClientId, PrincipalId, TenantId } from '../../foundation/ids.ts';
import type { ApplicationCertificates } from '../directory/application-certificates.ts';
import type { IdentityCredentials } from '../managed-identities/credentials.ts';
import type { ProviderCredentials } from '../managed-identities/provider-credentials.ts';

/** Digest of a certificate (DER), base64url without padding. */
export interface Thumbprint {
  readonly algorithm: 'sha-1' | 'sha-256';
  readonly value: string;
}

/** A certificate registered for a client: proof of its key is proof of being that client. */
export interface ClientCertificate {
  /** SHA-256, base64url. */
  readonly thumbprint: string;
  readonly publicKey: KeyObject;
  readonly clientId: ClientId;
  /** Whom a host's certificate stands for; an application's stands for whoever the client id names. */
  readonly principalId: PrincipalId | undefined;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /**
   * ARM id of the resource that the identity is proven on, as displayed: by its host, or by its resource provider.
   * `undefined` for an application's certificate.
   */
  readonly resourceId: string | undefined;
  /** Whose resource provider holds the key; an ordinary client then makes the assertions, not an agent of ours. */
  readonly providerId?: PrincipalId;
}

/** Where certificates are looked up; followed by caches, so that one that ended is not found. */
export interface ClientCertificates {
  /** The client's certificate of that thumbprint. Expired ones may be returned: the caller looks at the dates. */
  find(
    tenantId: TenantId,
    clientId: ClientId,
    thumbprint: Thumbprint,
  ): Promise<ClientCertificate | undefined>;
}

/** Applications' certificates beside those of identities, with hosts and with resource providers. */
export function clientCertificates(
  applications: ApplicationCertificates,
  hosts: IdentityCredentials,
  providers?: ProviderCredentials,
): ClientCertificates {
  return {
    async find(tenantId, clientId, thumbprint) {
      const certificate = await applications.find(tenantId, clientId, thumbprint);
      if (certificate === undefined) {
        return (
          (await hosts.find(tenantId, clientId, thumbprint)) ??
          (await providers?.find(tenantId, clientId, thumbprint))
        );
      }
      const { sha256, publicKey, notBefore, notAfter } = certificate;
      return {
        thumbprint: sha256,
        publicKey,
        clientId,
        principalId: undefined,
        notBefore,
        notAfter,
        resourceId: undefined,
      };
    },
  };
}
