import type { z } from 'zod';
import type { PrincipalId, TenantId } from '../../foundation/ids.ts';
import type { AuditActivity } from '../audit/directory-audit.ts';
import type { Application } from '../directory/application-store.ts';
import type { GraphPermission } from '../directory/graph-app-roles.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { Caller } from '../http/bearer.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { PageSizes, QueryOptions } from './query-options.ts';

/** What every operation is given. */
export interface GraphRequest<Body = unknown> {
  readonly caller: Caller;
  readonly tenantId: TenantId;
  readonly permissions: ReadonlySet<GraphPermission>;
  readonly version: 'v1.0' | 'beta';
  /** `https://{graph}/{version}` */
  readonly base: string;
  /** Values of the path's places, in order: an id as written, or of a key such as `appId='…'` its text. */
  readonly keys: readonly PathKey[];
  readonly options: QueryOptions;
  readonly body: Body;
  /** Words of the `Prefer` header, lower case. */
  readonly prefer: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How a path names an object: by id, or by an alternate key. */
export interface PathKey {
  /** `id` for a plain one; the property's name in lower case otherwise. */
  readonly by: string;
  readonly value: string;
}

/** What an operation answers. */
export type GraphAnswer =
  | {
      readonly kind: 'entity';
      readonly entitySet: string;
      readonly value: object;
      readonly status?: 200 | 201;
      readonly location?: string;
      /** Whether the relations that `$expand` names are in it. */
      readonly expanded?: true;
    }
  | {
      readonly kind: 'collection';
      readonly entitySet: string;
      readonly value: readonly object[];
      readonly count?: number | undefined;
      readonly next?: string | undefined;
      readonly expanded?: true;
    }
  | { readonly kind: 'value'; readonly context: string; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string; readonly contentType?: string }
  | {
      readonly kind: 'nothing';
      /** Object ids of what was changed, where neither path nor body names it: for the audit. */
      readonly about?: readonly string[];
    };

interface OperationCommon {
  /** Behind the version: segments, `{}` where a key stands, on its own or in parentheses: `applications/{}/owners`. */
  readonly path: string;
  /** One of these opens the operation. */
  readonly permissions: readonly GraphPermission[];
  /** One of these opens it where the caller owns the object that the path begins with. */
  readonly permissionsOfOwners?: readonly GraphPermission[];
  /** One of these scopes opens it to a person about themselves: where the path begins with `me`, or with their own id. */
  readonly scopesOfSelf?: readonly string[] | undefined;
}

/** The object that a path begins with, found and checked by the pipeline. */
export type Target = { readonly application: Application } | { readonly principal: Principal };

/** Reads: sees what is committed. */
export interface ReadOperation extends OperationCommon {
  readonly method: 'GET';
  /** How many objects a page of it has; as everywhere unless told. */
  readonly pages?: PageSizes;
  run(request: GraphRequest, queries: Queries): Promise<GraphAnswer>;
}

/** Asks with a body, and changes nothing. */
export interface QuestionOperation<Body = unknown> extends OperationCommon {
  readonly method: 'POST';
  readonly asks: true;
  readonly body: z.ZodType<Body>;
  run(request: GraphRequest<Body>, queries: Queries): Promise<GraphAnswer>;
}

/** What a change is recorded as in the directory audits. */
export interface ChangeActivity extends AuditActivity {
  /** Members of body or answer whose values the audit shows. Never one that may hold a secret (H8). */
  readonly shows?: readonly string[];
}

/**
 * Changes the directory, in one transaction with whatever it checks and with its audit. `Ready` is the body as `prepare` makes it; without
 * one, the body itself.
 */
export interface WriteOperation<Body = unknown, Ready = Body> extends OperationCommon {
  readonly method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly asks?: false;
  readonly activity: ChangeActivity;
  readonly body?: z.ZodType<Body>;
  /** What takes long, such as hashing a password: done for who may ask, and before the transaction, which others wait for. */
  prepare?(body: Body): Promise<Ready>;
  /** Which kind of object the path begins with: found, and held to lock and ownership, before anything is done. */
  readonly target?: 'application' | 'servicePrincipal';
  /** Whether it may end that the target signs in: never done to the deployment's own application, not by itself either. */
  readonly endsAccess?: true;
  /** Whether it makes what an alternate key names in vain, where `Prefer: create-if-missing` asks for it. */
  readonly createsMissing?: true;
  /** Whether it may be done to the principal of a managed identity, which its resource owns; not unless told (h.1). */
  readonly allowedOnIdentities?: true;
  run(request: WriteRequest<Ready>, transaction: Transaction): Promise<GraphAnswer>;
}

export interface WriteRequest<Body = unknown> extends GraphRequest<Body> {
  /** Of an operation without a target, undefined. */
  readonly application: Application | undefined;
  readonly principal: Principal | undefined;
  /** The caller, as an owner of what it makes. */
  readonly asOwner: { readonly ownerId: PrincipalId; readonly ownerType: 'User' | 'ServicePrincipal' };
}

// biome-ignore lint/suspicious/noExplicitAny: an operation's body type is its own; the pipeline hands it what its schema made
export type GraphOperation = ReadOperation | QuestionOperation<any> | WriteOperation<any, any>;
