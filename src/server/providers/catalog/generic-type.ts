import type { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import { genericResourceSchema } from '../../../contract/generic-resource.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { withoutConfidential } from '../../resource-manager/confidential-values.ts';
import { mergePatch, withoutNulls } from '../../resource-manager/merge-patch.ts';
import { fullType } from '../../resource-manager/operation-registry.ts';
import { type Operation, parameter, type ResourceType } from '../../resource-manager/provider.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import { collectionPath, trackedResource } from '../../resource-manager/tracked-resource.ts';
import type {
  TrackedBody,
  TrackedDeclaration,
  TrackedDependencies,
  WriteFacts,
} from '../../resource-manager/tracked-type.ts';
import type { TypeFacts } from './facts.ts';
import { withoutSecrets } from './secrets.ts';

const maxNameLength = 260;

export interface GenericType extends TypeFacts {
  /** What a resource of the type would lie in is no resource itself. */
  readonly unparented: boolean;
}

/**
 * A type of which Innate keeps a record and no more: what is sent, less what could be a secret, with the identities
 * that the type may carry. What the service behind it would do, nothing does.
 */
export function genericType(facts: GenericType, dependencies: TrackedDependencies): ResourceType {
  const { namespace, type, apiVersions, location, unparented } = facts;
  const declaration: TrackedDeclaration = {
    namespace,
    type,
    apiVersions,
    location,
    ...(location === 'required' ? {} : { anywhere: true }),
    ...(unparented ? { unparented: true } : {}),
    put: bodyWith(type, withoutNulls),
    patch: bodyWith(type, (members) => members),
    extraMembers: 'all',
    // the one status that every client takes for a PUT
    statusOfNew: 200,
    deletion: 'at-once',
    entityTags: true,
    systemData: true,
    requireName(name) {
      if (name.length <= maxNameLength) return;
      throw invalidResourceName(fullType(facts), name, `it has ${maxNameLength} characters at most`);
    },
    replace: (sent, facts) => kept(sent, facts),
    merge: (sent, facts) => mergePatch(facts.existing.properties, kept(sent, facts)),
    present: ({ properties, provisioningState }) => ({ ...properties, provisioningState }),
    more: [unsupportedAction(facts, dependencies)],
  };
  return trackedResource(declaration, dependencies);
}

/** The body as it is kept: secrets end here, before anything else sees them. */
function bodyWith(type: string, finish: (members: JsonObject) => JsonObject): z.ZodType<TrackedBody> {
  return genericResourceSchema.transform(({ location, tags, identity, ...rest }) => ({
    ...finish(withoutSecrets(rest as JsonObject, type)),
    location,
    tags,
    identity,
  })) as unknown as z.ZodType<TrackedBody>;
}

function kept(sent: TrackedBody['properties'], { confidential }: WriteFacts): JsonObject {
  // read-modify-write sends the state back
  const { provisioningState: _state, ...properties } = (sent ?? {}) as Record<string, JsonValue>;
  return withoutConfidential(properties, confidential);
}

/** Actions are the service's own, and there is no service. */
function unsupportedAction(facts: GenericType, dependencies: TrackedDependencies): Operation {
  const type = fullType(facts);
  const anywhere = facts.location !== 'required';
  return {
    method: 'POST',
    path: `${collectionPath({ ...facts, ...(anywhere ? { anywhere } : {}) })}/{name}/{action}`,
    action: `${type}/{action}/action`,
    async run(context) {
      await requireResource({ dependencies }, context);
      throw new ArmError(
        'unsupported',
        'FeatureNotSupported',
        `The action '${parameter(context, 'action')}' is not supported for the resource type '${type}': a record of the resource is kept, and no service is behind it.`,
        { refusedBy: 'service' },
      );
    },
  };
}
