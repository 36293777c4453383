import type { ClientId } from '../../foundation/ids.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { User } from '../directory/user-store.ts';
import type { ResolvedResource } from './audiences.ts';

/** How the client proved itself: `appidacr` 0, 1 and 2. */
export type ClientProof = 'none' | 'secret' | 'certificate' | 'federated';

/** Who a token is about. */
export type TokenSubject =
  | {
      readonly kind: 'application';
      readonly principal: Principal;
      /** ARM id of the resource whose host asks; only from a host's credential. */
      readonly hostResourceId: string | undefined;
    }
  | {
      readonly kind: 'user';
      readonly user: User;
      /** The application that acts as the user. */
      readonly client: {
        readonly clientId: ClientId;
        readonly displayName: string;
        /** Milliseconds since the epoch; tokens issued before are refused. */
        readonly tokensValidFrom: number;
      };
      /** What the application may do as the user at the resource: the `scp` of the token. */
      readonly scopes: readonly string[];
      /** How the user signed in (`amr`): `pwd`, `mfa`, `fed`, … */
      readonly methods: readonly string[];
      /** When the user signed in: epoch seconds. */
      readonly signedInAt: number;
    };

/** What is to be issued. */
export interface TokenDecision {
  readonly subject: TokenSubject;
  readonly resource: ResolvedResource;
  /** The resource as the caller named it; echoed by v1. */
  readonly requested: string;
  readonly proof: ClientProof;
  /** App roles of the subject at the resource. */
  readonly roles?: readonly string[];
  /** Object ids of the subject's groups, where the resource asks for them. */
  readonly groups?: readonly string[];
  /** Capabilities that the client named and the resource listens to (`xms_cc`). */
  readonly capabilities?: readonly string[];
  /** Epoch seconds that `nbf` must reach, as a claims challenge demands. */
  readonly notBefore?: number;
  /** SHA-256 of the certificate that the token is bound to, base64url (`cnf.x5t#S256`, RFC 8705 §3). */
  readonly boundTo?: string;
  /** Claims of the grant's own, such as the mark of a federated credential. */
  readonly marks?: Readonly<Record<string, unknown>>;
  /** What the answer carries beside the access token; for people only. */
  readonly alongside?: Alongside;
}

/** What a user's grant answers beside the access token (c.3). */
export interface Alongside {
  /** The granted scopes, spelled out. */
  readonly scope: string;
  readonly refreshToken?: string;
  /** Seconds. */
  readonly refreshTokenExpiresIn?: number;
  /** Claims of the id token; the pipeline signs them with the tenant's key. */
  readonly idToken?: Readonly<Record<string, unknown>>;
  /** base64url of `{"uid","utid"}`, unpadded. */
  readonly clientInfo?: string;
  /** `1` for clients that share refresh tokens. */
  readonly family?: '1';
}
