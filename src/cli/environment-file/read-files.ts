import path from 'node:path';
import type { Environment } from '../../foundation/environment.ts';
import { CommandError } from '../command.ts';
import { FileErrors } from './file-position.ts';
import { parseEnvironmentFile } from './parse.ts';
import type { PlannedFile } from './plan.ts';
import { isTemplate } from './template-file.ts';
import { NoValue, readBounded } from './values.ts';

const longestFile = 4 * 1024 * 1024;

/**
 * Reads the files that `-f` names: environment files, and templates, each of which stands for an environment of that
 * template alone.
 *
 * @param group the resource group of templates, where one is named
 * @throws FileErrors with everything that is wrong in all of them; CommandError where one cannot be read
 */
export function readFiles(
  names: readonly string[],
  group: string | undefined,
  environment: Environment,
): readonly PlannedFile[] {
  const problems: string[] = [];
  const files: PlannedFile[] = [];
  for (const name of names) {
    const text = textOf(name);
    const source = { folder: path.dirname(path.resolve(name)), environment };
    try {
      files.push({
        ...(isTemplate(text) ? templateAlone(name, group) : parseEnvironmentFile(text, name)),
        source,
      });
    } catch (error) {
      if (!(error instanceof FileErrors)) throw error;
      problems.push(...error.lines);
    }
  }
  if (problems.length > 0) throw new FileErrors(problems);
  return files;
}

function templateAlone(name: string, group: string | undefined) {
  return {
    content: {
      ...(group === undefined ? {} : { group }),
      resources: [{ template: path.resolve(name) }],
    },
    positions: { file: name, of: () => `${name}:1:1` },
  };
}

function textOf(name: string): string {
  try {
    return readBounded(name, longestFile);
  } catch (error) {
    if (error instanceof NoValue) throw new CommandError(error.message);
    throw error;
  }
}
