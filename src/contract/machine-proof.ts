/**
 * How a host proves that it holds a key: short JWTs signed by that key. Free of any package, since the agent makes them.
 */

/** `typ` of the JWT in a `Proof` header: no other kind of token can be taken for one. */
export const proofType = 'innate-proof+jwt';
/** `typ` of the JWT by which an identity's fresh key proves that the host holds it. */
export const keyProofType = 'innate-key+jwt';

/** Seconds a proof may live at most. */
export const maxProofLife = 300;

/**
 * Claims of a proof. `iss` and `sub` are the machine's id (at enrolment: the thumbprint of its key); `aud` is the
 * origin of the agents surface; `htm` and `htu` name method and URL without query as in RFC 9449; `body` is the
 * SHA-256 of the request body, base64url.
 */
export interface ProofClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly htm: string;
  readonly htu: string;
  readonly body: string;
}

/** Claims by which an identity's key binds itself to one identity on one machine; `iss` = `sub` = the client id. */
export interface KeyProofClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly machine: string;
  readonly iat: number;
  readonly exp: number;
}

/** Error codes that an agent acts upon: its machine is over, and keys and tokens go. */
export const machineOverCodes = ['MachineNotFound', 'MachineBanned'] as const;

/** Identities for which a machine asks certificates in one request. */
export const maxCredentialsAtOnce = 64;
