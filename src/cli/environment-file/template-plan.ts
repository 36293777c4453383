import path from 'node:path';
import type { EnvironmentTemplate } from '../../contract/environment-file.ts';
import type { Step } from './step.ts';
import { longestTemplate, parseTemplate } from './template-file.ts';
import { ensureDeployment } from './template-step.ts';
import { readBounded, secretValue, type ValueSource } from './values.ts';

/** Where a template is applied. */
export interface TemplatePlace {
  /** `/subscriptions/…` */
  readonly subscription: string;
  /** The group of templates that are applied to one. */
  readonly groupId: string;
  /** Where deployments in a subscription are kept. */
  readonly location: string;
}

/**
 * A template of a file as a step.
 *
 * @throws FileErrors where it is none; NoValue where a file or a variable is not there
 */
export function planTemplate(
  { template: file, name: given, parameters = {} }: Omit<EnvironmentTemplate, 'group' | 'dependsOn'>,
  source: ValueSource,
  { subscription, groupId, location }: TemplatePlace,
): Omit<Step, 'place' | 'needs'> & { readonly inGroup: boolean } {
  const text = readBounded(path.resolve(source.folder, file), longestTemplate);
  const { template, scope } = parseTemplate(text, file);
  const name = given ?? deploymentName(file);
  const inGroup = scope === 'group';
  const id = `${inGroup ? groupId : subscription}/providers/Microsoft.Resources/deployments/${name}`;
  const wanted = {
    id,
    template,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, { value: parameterValue(value, source) }]),
    ),
    ...(inGroup ? {} : { location }),
  };
  return {
    key: id.toLowerCase(),
    what: 'deployment',
    name: inGroup ? `${groupId.split('/').at(-1)}/${name}` : name,
    inGroup,
    apply: (world) => ensureDeployment(wanted, world),
  };
}

/** A parameter may come from where secrets come from. */
function parameterValue(value: unknown, source: ValueSource): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'valueFrom') return value;
  const { valueFrom } = value as { readonly valueFrom: unknown };
  if (typeof valueFrom !== 'object' || valueFrom === null) return value;
  const { environment, file } = valueFrom as Readonly<Record<string, unknown>>;
  if (typeof environment === 'string') return secretValue({ valueFrom: { environment } }, source);
  if (typeof file === 'string') return secretValue({ valueFrom: { file } }, source);
  return value;
}

/** `network.json` is deployed as `network`. */
function deploymentName(file: string): string {
  const plain = path
    .basename(file)
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^A-Za-z0-9._~()-]/g, '-');
  return plain.slice(0, 64) || 'template';
}
