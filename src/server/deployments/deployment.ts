import type { ArmErrorBody, JsonObject, JsonValue, Tags } from '../../contract/arm.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import type { CallerFacts } from '../http/bearer.ts';
import type { BoundParameter } from '../templates/template-document.ts';

export type DeploymentState = 'Accepted' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled';

/** What answers show beside the columns. Nothing secure is ever in it. */
export interface ShownDeployment {
  readonly location: string | undefined;
  readonly tags: Tags | undefined;
  readonly templateHash: string;
  readonly parameters: JsonObject;
  readonly correlationId: string;
  readonly providers: JsonValue;
  readonly dependencies: JsonValue;
  readonly outputs?: JsonObject;
  readonly outputResources?: readonly string[];
  readonly error?: ArmErrorBody;
  readonly debugSetting?: JsonObject;
}

/** A deployment as it is stored. */
export interface Deployment {
  readonly tenantId: TenantId;
  readonly canonical: CanonicalId;
  /** Of the group, subscription, management group or tenant that it deploys to. */
  readonly scopeCanonical: CanonicalId;
  /** As displayed. */
  readonly deploymentId: string;
  readonly name: string;
  readonly operationId: string;
  readonly state: DeploymentState;
  readonly mode: 'Incremental' | 'Complete';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly changedAt: number;
  readonly shown: ShownDeployment;
}

/** What a run needs beside the template. Sealed while it runs, and dropped at its end. */
export interface RunInputs {
  readonly caller: CallerFacts;
  readonly origin: string;
  /** Bound once: what `newGuid` and `utcNow` gave stays, whoever goes on with the run. */
  readonly parameters: readonly BoundParameter[];
  /** Requests that stand around the deployment's own. */
  readonly depth: number;
  /** Resources that it and what is nested in it may make. */
  readonly allowance: number;
  /** The work that asked for it, where one did. */
  readonly asker: string | undefined;
  /** Values that are never shown. */
  readonly confidential: readonly string[];
  /** The template with the values that are masked in the one that is shown; absent where none is. */
  readonly document?: JsonObject;
}

export function isActive({ state }: Pick<Deployment, 'state'>): boolean {
  return state === 'Accepted' || state === 'Running';
}
