import path from 'node:path';
import { CommandError, type CommandInput, type CommandOption, optionList, optionText } from '../command.ts';
import { longestTemplate, parseTemplate, type TemplateScope } from '../environment-file/template-file.ts';
import { NoValue, readBounded } from '../environment-file/values.ts';

/** Options that say what is deployed. */
export const templateOptions: readonly CommandOption[] = [
  { flags: '-f, --template-file <file>', summary: 'the ARM template (JSON)' },
  {
    flags: '-p, --parameters <parameter...>',
    summary: 'name=value (JSON, or else a text), JSON, or a parameter file, by name or as @FILE',
  },
  {
    flags: '--mode <mode>',
    summary: 'Complete deletes what of the group the template does not name',
    choices: ['Incremental', 'Complete'],
    default: 'Incremental',
  },
];

/** The body of a deployment, and what it is called unless told. */
export interface DeploymentInput {
  readonly name: string;
  readonly properties: object;
}

/**
 * What a command line deploys.
 *
 * @throws CommandError with file, line and column of a broken template
 */
export function deploymentIn(input: CommandInput, wanted: TemplateScope): DeploymentInput {
  const file = optionText(input, 'templateFile');
  if (file === undefined) throw new CommandError('say which template: -f FILE', 2);
  const { template, scope } = parseTemplate(textOf(file, longestTemplate), file);
  if (scope !== wanted) {
    const other = scope === 'group' ? 'deployment group' : 'deployment sub';
    throw new CommandError(`${file} is a template for innate ${other}`);
  }
  const parameters = Object.assign({}, ...optionList(input, 'parameters').map(readParameters));
  return {
    name: path.basename(file).replace(/\.[^.]*$/, ''),
    properties: { mode: optionText(input, 'mode') ?? 'Incremental', template, parameters },
  };
}

/** One word of `--parameters`, as templates take parameters: `{ name: { value } }`. */
function readParameters(text: string): object {
  const assigned = /^([A-Za-z_]\w*)=(.*)$/s.exec(text);
  if (assigned !== null) return { [assigned[1] ?? '']: { value: jsonOrText(assigned[2] ?? '') } };
  const json = text.trimStart().startsWith('{') ? text : textOf(text.replace(/^@/, ''), longestTemplate);
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    throw new CommandError('--parameters holds no JSON', 2);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CommandError('--parameters holds no JSON object', 2);
  }
  const inner = (content as { readonly parameters?: unknown }).parameters;
  return '$schema' in content && typeof inner === 'object' && inner !== null ? inner : content;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function textOf(file: string, most: number): string {
  try {
    return readBounded(file, most);
  } catch (error) {
    if (error instanceof NoValue) throw new CommandError(error.message);
    throw error;
  }
}
