import type { JsonObject } from '../../contract/arm.ts';
import type { Place } from './template-error.ts';

/** What a resource waits for, with what the deployment's `dependencies` show of it. */
export interface InstanceDependency {
  /** The key of an instance of the same template. */
  readonly key: string;
  readonly id: string;
  readonly resourceType: string;
  /** `parent/child` for nested types. */
  readonly resourceName: string;
  /** Where an expression asks for the state of the resource: the version it asks with. */
  readonly apiVersion?: string;
  /** Where an expression calls an action of the resource (`listKeys`). */
  readonly actionName?: string;
}

export interface LoopRound {
  readonly loop: string;
  readonly index: number;
}

/** One resource of an expanded template: loops are unrolled, children have their full names. */
export interface ResourceInstance {
  /** Unique in the expansion: the symbol (`vm`, `vm[3]`) where the template has symbols, else the id in lower case. */
  readonly key: string;
  /** The symbol in the template without the index of a loop (languageVersion 2.0). */
  readonly symbol: string | undefined;
  /** The whole id; its last `/providers/` hangs from `scope`. */
  readonly id: string;
  /** The scope that the resource lies in: group, subscription, management group, tenant (`/`), or another resource. */
  readonly scope: string;
  /** `Microsoft.KeyVault/vaults/secrets`, as the template spells it. */
  readonly type: string;
  /** `vault1/secret1` */
  readonly name: string;
  readonly apiVersion: string;
  readonly location: string | undefined;
  /** Only read, never written (languageVersion 2.0). */
  readonly existing: boolean;
  /** `false` where its `condition` says no: nothing is written, and nothing waits for it. */
  readonly condition: boolean;
  /** Left alone where it is there already (`@options` of a compiled template). */
  readonly onlyIfNotExists: boolean;
  readonly copy:
    | {
        readonly loop: string;
        readonly index: number;
        /** `serial`: at most `batchSize` of the loop are under way at once; already part of `dependencies`. */
        readonly mode: 'parallel' | 'serial';
        readonly batchSize: number;
      }
    | undefined;
  /** The rounds of the loops that it is in, outermost first. */
  readonly rounds: readonly LoopRound[];
  /** Where it stands in the request. */
  readonly place: Place | undefined;
  /** Keys of the instances that must have been made before. Conditions and `existing` ones are followed through. */
  readonly dependsOn: readonly string[];
  readonly dependencies: readonly InstanceDependency[];
  /** For `Microsoft.Resources/deployments`: where the expressions of its inline template are evaluated. */
  readonly nested: 'inner' | 'outer' | 'linked' | undefined;
  /** The resource as the template writes it, unevaluated, without what the expansion has consumed. */
  readonly definition: JsonObject;
}
