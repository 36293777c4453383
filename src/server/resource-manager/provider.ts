import type * as z from 'zod';
import type { Scope } from '../../contract/resource-id.ts';
import type { Caller } from '../http/bearer.ts';
import type { Preconditions } from '../http/conditional.ts';
import type { IdentitySupport } from './identity-support.ts';
import type { QueryParameters } from './request-target.ts';
import type { ResourceGroup } from './resource-group-store.ts';
import type { Subscription } from './subscription-store.ts';

export type Method = 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'DELETE' | 'POST';

/** What an operation does to its target, as locks ask it. */
export type Effect = 'read' | 'write' | 'delete';

/** What an operation answers; the pipeline adds the headers that every answer has. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the pipeline has established before an operation runs. */
export interface OperationContext<Body = unknown> {
  readonly caller: Caller;
  /** What the path names; for a collection, what it hangs from. The caller may do the operation's action here. */
  readonly target: Scope;
  /** The path without repeated or trailing slashes. */
  readonly path: string;
  /** Values of the path template's parameters, as spelled. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The subscription the target lies in, trusted by the caller's tenant. */
  readonly subscription: Subscription | undefined;
  /** The resource group the target lies in, where it exists. */
  readonly group: ResourceGroup | undefined;
  readonly query: QueryParameters;
  readonly apiVersion: string;
  readonly body: Body;
  readonly preconditions: Preconditions;
  /** `https://host[:port]` under which the caller reached us: what absolute addresses begin with. */
  readonly origin: string;
  /** Milliseconds since the epoch: the one time of this request. */
  readonly at: number;
  /** Absent for a request that came through a socket. */
  readonly within: Within | undefined;
  /** Whether the caller may perform a further action. */
  may(action: string, scope: Scope): Promise<boolean>;
}

/** Text of another form than strict JSON. */
export interface Content {
  /** Octets at most. */
  readonly maxOctets: number;
  /**
   * Reads text into what `body` is then held against; it bounds depth and count itself.
   *
   * @throws DomainError
   */
  parse(text: string): unknown;
}

/** What a request says of itself that stands within another. */
export interface Within {
  /** Requests that stand around it. */
  readonly depth: number;
  /** Resources that may be made within, at most. */
  readonly allowance: number;
  /** Names the work that asks: the same where that is taken up once more and asks again. */
  readonly asker: string;
  /** Values inside the body that are never shown. */
  readonly confidential: readonly string[];
}

/**
 * One operation of a resource type: what it declares, the pipeline enforces. It is reached only by a caller who may
 * perform `action` at the target, with a body of the declared shape.
 */
export interface Operation<Body = unknown> {
  readonly method: Method;
  /**
   * Path template: literal segments compare without case, `{name}` takes one segment, a leading `{scope}` takes any
   * scope, so that the type extends every other. A parameter named `subscriptionId` or `resourceGroupName` places the
   * target there.
   */
  readonly path: string;
  /**
   * The right it takes, as role definitions name it (`Microsoft.Compute/virtualMachines/read`). `{parameter}` stands
   * for the segment of the path.
   */
  readonly action: string;
  /**
   * What it does to its target, where that is not what its method says (`effectOf`): a POST that changes nothing says
   * `read`. `none` is for what locks never hold, which is locks.
   */
  readonly effect?: Effect | 'none';
  /** Shape of the body; absent where there is none. PUT and PATCH have one. */
  readonly body?: z.ZodType<Body>;
  /** How the text of the body is read, where not as JSON of the usual form and bounds. */
  readonly content?: Content;
  /** The group that the path names need not exist: the operation makes it. */
  readonly makesGroup?: true;
  /** Answered even while the group is being deleted: reads always are, of the writes only deletions. */
  readonly whileDeleting?: true;
  /**
   * Allows a caller who has not the right: one who started the operation that the path names, or who has rights below.
   * Asked only after the right was found wanting.
   */
  allowsOtherwise?(context: OperationContext<undefined>): Promise<boolean>;
  run(context: OperationContext<Body>): Promise<Answer>;
}

/** A resource type: what provider documents say of it, and its operations. */
export interface ResourceType {
  readonly namespace: string;
  /** Below the namespace: `virtualMachines`. */
  readonly type: string;
  /** Every version that is accepted; compared without case, otherwise opaque. */
  readonly apiVersions: readonly string[];
  /** Whose error an unknown version is: ARM's own routes word it differently from a provider's. */
  readonly owner: 'resource-manager' | 'provider';
  /** Has location and tags, and lives in a resource group. */
  readonly tracked: boolean;
  readonly identity?: IdentitySupport;
  readonly operations: readonly Operation[];
}

/** The value of a template's parameter; a name that the template has not is a bug. */
export function parameter(context: Pick<OperationContext, 'parameters'>, name: string): string {
  const value = context.parameters[name];
  if (value === undefined) throw new TypeError(`the path has no parameter ${name}`);
  return value;
}

/** The subscription of an operation whose path has one. */
export function subscriptionOfContext(context: Pick<OperationContext, 'subscription'>): Subscription {
  if (context.subscription === undefined) throw new TypeError('the path names no subscription');
  return context.subscription;
}
