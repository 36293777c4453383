import type * as z from 'zod';
import type { IdentityRequest, JsonObject, Tags } from '../../contract/arm.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Database, Transaction } from '../storage/database.ts';
import type { AsyncOperations } from './async-operations.ts';
import type { DeletionParticipant } from './deletion.ts';
import type { IdentitySupport } from './identity-support.ts';
import type { Operation, OperationContext } from './provider.ts';
import type { QueryParameters } from './request-target.ts';
import type { Resource } from './resource-store.ts';

/** What a PUT or PATCH body of every tracked type may have. */
export interface TrackedBody {
  readonly location?: string | null | undefined;
  readonly tags?: Tags | null | undefined;
  readonly identity?: IdentityRequest | null | undefined;
  readonly properties?: object | null | undefined;
}

/** What a type's own part learns about a write. */
export interface WriteFacts {
  readonly tenantId: TenantId;
  readonly name: string;
  /** As displayed. */
  readonly resourceId: string;
  readonly existing: Resource | undefined;
  /** What a nested resource lies in. */
  readonly parent: Resource | undefined;
  /** Texts inside the body that are never shown, of a request within another. */
  readonly confidential: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly randomness: Randomness;
}

/**
 * What the type itself declares; the rest is the same for all that live in a group: with location and tags, or as proxy
 * resources without.
 */
export interface TrackedDeclaration<
  Put extends TrackedBody = TrackedBody,
  Patch extends TrackedBody = TrackedBody,
> {
  readonly namespace: string;
  /** `sites`; a nested type names what it lies in first: `sites/slots`. Its name is the last segment of the path. */
  readonly type: string;
  /**
   * Whether a resource of the type has a place and tags (`required` unless told): `none` is a proxy resource, which has
   * properties only.
   */
  readonly location?: 'required' | 'optional' | 'none';
  /** Lies in a subscription or extends another resource as well; unless told, it lies in a group and nowhere else. */
  readonly anywhere?: true;
  /** Nested by its name alone: what it would lie in is no resource. */
  readonly unparented?: true;
  readonly apiVersions: readonly string[];
  /** What Azure's type of this name accepts, unless told. */
  readonly identity?: IdentitySupport | undefined;
  readonly put: z.ZodType<Put>;
  readonly patch: z.ZodType<Patch>;
  /** Members of the envelope beside the common ones that are kept (`zones`); `all`: whatever is sent. */
  readonly extraMembers: readonly string[] | 'all';
  /** Status of a PUT that makes a resource. */
  readonly statusOfNew: 200 | 201;
  /** `polled`: the answer to the PUT that makes a resource tells where to poll, though it is made. */
  readonly creation?: 'polled';
  /** `polled`: 202 with addresses to poll; the deletion itself is done before the answer all the same. */
  readonly deletion: 'at-once' | 'polled';
  /** Shows an ETag and honours If-Match with it. */
  readonly entityTags: boolean;
  /** Shows `systemData`. */
  readonly systemData: boolean;
  /** Names unique beyond tenants, and the error where one is taken. */
  readonly global?: { taken(name: string): Error };
  /** @throws ArmError where a resource of the type cannot have the name */
  requireName(name: string): void;
  /** The properties to store: what was sent, less what is read-only or secret, more what the type adds. */
  replace(properties: Put['properties'], facts: WriteFacts): JsonObject;
  /** The same for PATCH; without it a PATCH merges. */
  merge?(properties: Patch['properties'], facts: WriteFacts & { readonly existing: Resource }): JsonObject;
  /**
   * What a write takes from other resources, and tells them, in its transaction: the resource as it shall be stored.
   *
   * @throws ArmError where it names what is not there
   */
  settle?(transaction: Transaction, resource: Resource, context: OperationContext): Promise<Resource>;
  /** Members of the envelope as they are stored (`sku` with its tier), of those that were sent. */
  envelope?(members: JsonObject): JsonObject;
  /** The properties to show. */
  present(resource: Resource, query: QueryParameters): JsonObject;
  /** How the type spells the ids of its resources, where not as usual. */
  readonly spelled?: (resourceId: string) => string;
  /** Shows the names of what a resource lies in before its own: `site1/staging`. */
  readonly showsNestedName?: true;
  /** A PUT that makes a resource tells its id in `Location`, without host or version. */
  readonly tellsLocation?: true;
  /** What else is written when a resource is made, in its transaction. */
  born?(transaction: Transaction, resource: Resource): Promise<void>;
  /** What else is written with the resource, in its transaction: what a body has and the resource does not show. */
  written?(transaction: Transaction, resource: Resource, properties: Put['properties']): Promise<void>;
  /** Operations beside the usual ones. */
  readonly more?: readonly Operation[];
}

export interface TrackedDependencies {
  readonly database: Database;
  readonly participants: readonly DeletionParticipant[];
  readonly operations: AsyncOperations;
  readonly randomness: Randomness;
}

/** Everything that the handlers of one tracked type share. */
export interface Tracked {
  readonly declaration: TrackedDeclaration;
  readonly dependencies: TrackedDependencies;
}
