import { ApiError } from '../../client/agents-client.ts';
import type { JsonReader } from '../../client/json-reader.ts';
import type { Outcome, World } from './step.ts';

const deploymentsVersion = '2025-04-01';
/** What a forecast says of what stays as it is. */
const still = new Set(['NoChange', 'Ignore']);

/** A template that a file wants applied. */
export interface WantedDeployment {
  /** Id of the deployment, in a group or a subscription. */
  readonly id: string;
  /** Where it is kept; deployments in a subscription say it. */
  readonly location?: string | undefined;
  readonly template: unknown;
  /** As templates take them: `{ name: { value } }`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Applies a template, unless a forecast says that nothing would change. */
export async function ensureDeployment(wanted: WantedDeployment, world: World): Promise<Outcome> {
  const { resources } = world.deployment;
  const { id, location, template, parameters } = wanted;
  const body = {
    ...(location === undefined ? {} : { location }),
    properties: { mode: 'Incremental', template, parameters },
  };
  const known = await resources.get(id, deploymentsVersion);
  if (
    known !== undefined &&
    (await isOf(known, template, world)) &&
    (await changesNothing(id, body, world))
  ) {
    return 'unchanged';
  }
  await resources.put(id, deploymentsVersion, body);
  return known === undefined ? 'created' : 'changed';
}

/** Whether a deployment that has ended well was of this very template: outputs are no resources, and no forecast has them. */
async function isOf(known: JsonReader, template: unknown, { deployment }: World): Promise<boolean> {
  const properties = known.object('properties');
  if (properties.optionalString('provisioningState') !== 'Succeeded') return false;
  const hash = await deployment.resources.post(
    '/providers/Microsoft.Resources/calculateTemplateHash',
    deploymentsVersion,
    template,
  );
  return hash?.optionalString('templateHash') === properties.optionalString('templateHash');
}

/** A forecast that cannot be had says nothing: then the template is applied, and says itself what is wrong with it. */
async function changesNothing(id: string, body: object, { deployment }: World): Promise<boolean> {
  try {
    const forecast = await deployment.resources.post(`${id}/whatIf`, deploymentsVersion, body);
    const changes = forecast?.object('properties').list('changes', (one) => one.string('changeType')) ?? [];
    return forecast !== undefined && changes.every((change) => still.has(change));
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}
