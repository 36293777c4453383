import { LineCounter, parseDocument } from 'yaml';
import { FileErrors } from './file-position.ts';

/** Largest template, in octets, as ARM has it. */
export const longestTemplate = 4 * 1024 * 1024;

/** Where a template wants to be applied, by the schema that it names. */
export type TemplateScope = 'group' | 'subscription';

export interface TemplateFile {
  readonly template: Readonly<Record<string, unknown>>;
  readonly scope: TemplateScope;
}

/** Whether a text is a template, by the schema that it names, whatever else is wrong with it. */
export function isTemplate(text: string): boolean {
  return /"\$schema"\s*:\s*"[^"\s]*deploymentTemplate\.json/i.test(text);
}

/**
 * Reads an ARM template: JSON, in which comments and commas at the end are let pass as ARM does.
 *
 * @throws FileErrors with line and column
 */
export function parseTemplate(text: string, file: string): TemplateFile {
  const lines = new LineCounter();
  const document = parseDocument(withoutComments(text), { lineCounter: lines, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new FileErrors([`${file}:${line}:${col}: this is no JSON`]);
  }
  const template: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof template !== 'object' || template === null || Array.isArray(template)) {
    throw new FileErrors([`${file}:1:1: this is no ARM template`]);
  }
  const schema = String((template as Record<string, unknown>)['$schema'] ?? '');
  if (/managementGroupDeploymentTemplate|tenantDeploymentTemplate/i.test(schema)) {
    throw new FileErrors([
      `${file}:1:1: templates of management groups and tenants are not applied from files`,
    ]);
  }
  return {
    template: template as Record<string, unknown>,
    scope: /subscriptionDeploymentTemplate/i.test(schema) ? 'subscription' : 'group',
  };
}

/** Blanks comments out; every other character stays where it is, so that lines and columns are those of the file. */
function withoutComments(text: string): string {
  const token = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (found) => (found.startsWith('"') ? found : found.replaceAll(/[^\r\n]/g, ' ')));
}
