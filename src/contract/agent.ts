import * as z from 'zod';
import { maxCredentialsAtOnce } from './machine-proof.ts';

/**
 * The agents surface: how a host enrols, gets certificates for the identities of its resource, and learns that they
 * changed. Every request carries `Authorization: Proof <JWT>`, signed by the machine's key (`machine-proof.ts`).
 */

const guid = z.guid().transform((text) => text.toLowerCase());
/** SubjectPublicKeyInfo, DER, base64: at most RSA-4096. */
const publicKey = z
  .string()
  .max(1024)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/);
const compactJws = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);

/** Body of `POST /enrol`. */
export const enrolRequest = z.strictObject({
  /** 256 random bits, base64url. */
  joinToken: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** The machine's key: P-256, or RSA of 2048 to 4096 bits. */
  publicKey,
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

/** Answer of `POST /enrol` (201). */
export interface Enrolment {
  readonly machineId: string;
  readonly tenantId: string;
  /** ARM id of the resource that this host now is. */
  readonly resourceId: string;
  /** Origin of the token service; token requests go to `<loginOrigin>/<tenantId>/oauth2/v2.0/token`. */
  readonly loginOrigin: string;
}

/** Body of `POST /machines/{machineId}/credentials`: one fresh key for each identity. */
export const credentialsRequest = z.strictObject({
  credentials: z
    .array(z.strictObject({ clientId: guid, publicKey, proof: compactJws }))
    .min(1)
    .max(maxCredentialsAtOnce),
});
export type CredentialsRequest = z.input<typeof credentialsRequest>;

/** A certificate made for one identity on one machine. */
export interface IssuedCredential {
  readonly clientId: string;
  readonly principalId: string;
  /** PEM; carries the public key that was sent, and nothing else the host chose. */
  readonly certificate: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Answer of `POST /machines/{machineId}/credentials`, in the order asked. */
export interface CredentialsAnswer {
  readonly credentials: readonly IssuedCredential[];
}

/** Query of `GET /machines/{machineId}/identities`. */
export const identitiesQuery = z.object({
  /** The `state` seen last: the answer waits until it differs, 25 s at most. Absent: answered at once. */
  after: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
});

/** An identity that the machine's resource carries. */
export interface CarriedIdentity {
  readonly kind: 'SystemAssigned' | 'UserAssigned';
  readonly principalId: string;
  readonly clientId: string;
  /** ARM id of the resource itself (system-assigned) or of the user-assigned identity. */
  readonly resourceId: string;
  /** Milliseconds since the epoch: tokens issued before are refused, so they are dropped. */
  readonly tokensValidFrom: number;
}

/** What a host may tell programs about the resource that it is. */
export interface ResourceFacts {
  readonly resourceId: string;
  readonly type: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly vmId: string | null;
  readonly vmSize: string | null;
  readonly osType: string | null;
}

/** Answer of `GET /machines/{machineId}/identities`. */
export interface IdentitiesAnswer {
  /** Digest of everything below: the same state has the same digest on every replica. */
  readonly state: string;
  readonly identities: readonly CarriedIdentity[];
  readonly resource: ResourceFacts;
}
