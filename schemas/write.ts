import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { environmentJsonSchema } from '../src/contract/environment-file.ts';

// the schema that editors read is made of the one that the parser reads
writeFileSync(
  path.join(import.meta.dirname, 'environment.json'),
  `${JSON.stringify(environmentJsonSchema(), null, 2)}\n`,
);
