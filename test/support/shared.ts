import { existsSync } from 'node:fs';
import path from 'node:path';

const shared = path.resolve(import.meta.dirname, '../../../shared');

/** Path of a file of the data folder beside the repository; `undefined` where it is absent: skip with a reason then. */
export function sharedFile(relative: string): string | undefined {
  const file = path.join(shared, relative);
  return existsSync(file) ? file : undefined;
}
