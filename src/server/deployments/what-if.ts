import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { type DeploymentBody, deploymentSchema } from '../../contract/deployments.ts';
import { canonicalId, parseScope, type Scope, subscriptionOf } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { polledAtResult } from '../resource-manager/location-operations.ts';
import type { Answer, Within } from '../resource-manager/provider.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { TemplateError } from '../templates/template-error.ts';
import { predictedAllowance, shareOf } from './allowance.ts';
import { isKept, type ListedResource, newestVersion, resourcesIn } from './complete-mode.ts';
import { masked } from './confidential.ts';
import { delta, type PropertyChange, predicted, settable } from './delta.ts';
import type { AskedDeployment, DeploymentContext, Deployments } from './deployments.ts';
import { earlyBody } from './early-body.ts';
import { isMissing, NotYetKnown, resourceStates } from './resource-states.ts';
import { type Ask, urlOf } from './resource-write.ts';

/** What would become of one resource. */
interface Change {
  readonly resourceId: string;
  readonly changeType: 'Create' | 'Delete' | 'Ignore' | 'Deploy' | 'NoChange' | 'Modify' | 'Unsupported';
  readonly unsupportedReason?: string;
  readonly before?: JsonObject;
  readonly after?: JsonObject;
  readonly delta?: readonly PropertyChange[];
}

/**
 * POST `whatIf`: what a deployment would change. Nothing is written, and everything is read with the caller's rights.
 * Values of secure parameters take no part in it: texts stand in their place.
 */
export async function predict(
  engine: Deployments,
  context: DeploymentContext,
  scope: Scope,
): Promise<Answer> {
  const { database, operations, randomness } = engine.parts;
  const { caller, at, target } = context;
  const asked = await engine.ask(context, scope, { conceal: true });
  await engine.requireAllowed(context, asked);
  const ids = context.body.properties.whatIfSettings?.resultFormat?.toLowerCase() === 'resourceidonly';
  const changes = await new Prediction(engine, context).of(asked);
  const result = {
    status: 'Succeeded',
    properties: {
      correlationId: randomness.uuid(),
      changes: (ids ? changes.map(idsOnly) : changes) as unknown as JsonValue,
    },
  };
  const subscriptionId = subscriptionOf(scope);
  if (subscriptionId === undefined) return { status: 200, body: result };
  const operation = await database.transaction((transaction) =>
    operations.completed(
      transaction,
      {
        tenantId: caller.tenantId,
        subscriptionId,
        kind: 'what-if',
        target: canonicalId(target),
        startedBy: caller.principalId,
        at,
      },
      result,
    ),
  );
  return polledAtResult(operation, context);
}

function idsOnly({ resourceId, changeType, unsupportedReason }: Change): Change {
  const exists = changeType === 'Modify' || changeType === 'NoChange';
  return {
    resourceId,
    changeType: exists ? 'Deploy' : changeType,
    ...(unsupportedReason === undefined ? {} : { unsupportedReason }),
  };
}

/** Resources that a prediction names although nothing happens to them. */
const maxIgnored = 1000;

/** How deep a template stands in others, and how many resources it may have with all that is nested in it. */
type Level = Pick<Within, 'depth' | 'allowance'>;

class Prediction {
  readonly #engine: Deployments;
  readonly #context: DeploymentContext;
  readonly #ask: Ask;

  constructor(engine: Deployments, context: DeploymentContext) {
    this.#engine = engine;
    this.#context = context;
    const { caller, origin } = context;
    this.#ask = (request) => engine.parts.dispatch({ ...request, caller, origin });
  }

  async of(asked: AskedDeployment): Promise<readonly Change[]> {
    const changes = await this.#listed(asked, { depth: 0, allowance: predictedAllowance });
    if (asked.scope.kind !== 'resourceGroup') return changes;
    return [...changes, ...(await this.#unlisted(asked, changes))];
  }

  async #listed({ prepared }: AskedDeployment, { depth, allowance }: Level): Promise<readonly Change[]> {
    const { expansion } = prepared;
    const below = { depth: depth + 1, allowance: shareOf(allowance, expansion.instances) };
    const states = resourceStates(this.#ask, expansion, ({ existing }) => existing);
    const scope = prepared.scope({
      ...states,
      reference: (...question) => whereKnown(states.reference(...question), question[0]),
      // what is listed is secret, and a prediction is kept and shown
      list: async (_name, asked) => {
        throw new NotYetKnown(asked);
      },
    });
    const changes: Change[] = [];
    for (const instance of expansion.instances) {
      if (!instance.condition || instance.existing) continue;
      const { body, unknown } = await earlyBody(instance, scope);
      const found =
        instance.nested === undefined
          ? [await this.#written(instance, body, unknown)]
          : await this.#nested(instance, body, unknown, below);
      changes.push(...found);
    }
    return changes;
  }

  async #written(
    { id, name, type, apiVersion }: ResourceInstance,
    body: JsonObject,
    unknown: ReadonlySet<string>,
  ): Promise<Change> {
    const envelope = { apiVersion, id, name, type };
    let found: JsonObject | undefined;
    try {
      const answer = await this.#ask({ method: 'GET', url: urlOf(id, apiVersion) });
      found = JSON.parse(JSON.stringify(answer.body)) as JsonObject;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (!isMissing(error)) {
        return { resourceId: id, changeType: 'Unsupported', unsupportedReason: error.message };
      }
    }
    if (found === undefined) {
      return { resourceId: id, changeType: 'Create', after: { ...body, ...envelope } };
    }
    const before = { ...settable(found), ...envelope };
    const isUnknown = (value: JsonValue) =>
      typeof value === 'string' && (unknown.has(value) || value === masked);
    const after = predicted(before, settable(body), isUnknown);
    const changed = delta(before, after);
    return {
      resourceId: id,
      changeType: changed.length === 0 ? 'NoChange' : 'Modify',
      before,
      after,
      ...(changed.length === 0 ? {} : { delta: changed }),
    };
  }

  /** The deployment itself is no resource that anybody looks for: what it would make is. */
  async #nested(
    instance: ResourceInstance,
    body: JsonObject,
    unknown: ReadonlySet<string>,
    level: Level,
  ): Promise<readonly Change[]> {
    const unsupported = (unsupportedReason: string): readonly Change[] => [
      { resourceId: instance.id, changeType: 'Unsupported', unsupportedReason },
    ];
    if (unknown.size > 0) return unsupported('Its parameters are known only when the deployment runs.');
    const read = deploymentSchema.safeParse(body);
    const target = parseScope(instance.id);
    if (!read.success || target.kind !== 'resource') return unsupported('It is no deployment of a template.');
    try {
      const nested = await this.#engine.ask(this.#contextOf(instance, read.data, level), target.parent, {
        conceal: true,
      });
      return await this.#listed(nested, level);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error instanceof TemplateError || !isMissing(error)) throw error;
      return unsupported(error.message);
    }
  }

  #contextOf(instance: ResourceInstance, body: DeploymentBody, level: Level): DeploymentContext {
    return {
      ...this.#context,
      body,
      parameters: { deploymentName: instance.name },
      within: { ...level, asker: '', confidential: [] },
    };
  }

  /** What the group has beside: mode `Complete` deletes it, the other does not touch it. */
  async #unlisted(
    { scope, mode, prepared }: AskedDeployment,
    changes: readonly Change[],
  ): Promise<readonly Change[]> {
    const existing = prepared.expansion.instances.filter((instance) => instance.existing);
    const ids = [...changes.map(({ resourceId }) => resourceId), ...existing.map(({ id }) => id)];
    const listed = new Set(ids.map((id) => id.toLowerCase()));
    const all = await resourcesIn(this.#ask, scope);
    const beside = all.filter(({ id }) =>
      mode === 'Complete' ? !isKept(id, listed) : !listed.has(id.toLowerCase()),
    );
    // what is not touched is told of for orientation
    return (mode === 'Complete' ? beside : beside.slice(0, maxIgnored)).map((resource) => {
      const state = this.#asListed(resource);
      return mode === 'Complete'
        ? { resourceId: resource.id, changeType: 'Delete', before: state }
        : { resourceId: resource.id, changeType: 'Ignore', before: state, after: state };
    });
  }

  #asListed(resource: ListedResource): JsonObject {
    const apiVersion = newestVersion(this.#engine.parts.types(), resource.type);
    const state = JSON.parse(JSON.stringify(resource)) as JsonObject;
    return { ...(apiVersion === undefined ? {} : { apiVersion }), ...settable(state) };
  }
}

/** What is not there may be made by the deployment. */
async function whereKnown(value: Promise<JsonValue>, asked: string): Promise<JsonValue> {
  try {
    return await value;
  } catch (error) {
    if (isMissing(error)) throw new NotYetKnown(asked);
    throw error;
  }
}
