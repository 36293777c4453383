import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

const root = path.resolve(import.meta.dirname, '..');

interface Claim {
  readonly claim: string;
  readonly client: string;
  readonly file: string;
  readonly witness: string;
}

/** Rows of the form `| claim | client | [test name](../path/to/file.test.ts) |`. */
function claims(): Claim[] {
  const text = readFileSync(path.join(root, 'docs', 'compatibility.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| *(claim|---)/.test(line));
  return rows.map((row) => {
    const match = /^\| (.+?) \| (.+) \| \[(.+)\]\(\.\.\/(.+)\) \|$/.exec(row);
    assert.ok(match, `the row names no witness: ${row}`);
    const [, claim = '', client = '', witness = '', file = ''] = match;
    return { claim, client, witness, file };
  });
}

describe('each claim of compatibility', () => {
  test('has a witness: a test of that name in that file', () => {
    const all = claims();
    assert.ok(all.length > 0);
    const unwitnessed = all.filter(({ file, witness }) => {
      if (!existsSync(path.join(root, file))) return true;
      const text = readFileSync(path.join(root, file), 'utf8');
      return !["'", '"', '`'].some((quote) => text.includes(`test(${quote}${witness}${quote},`));
    });
    assert.deepEqual(unwitnessed, []);
  });

  test('names the version of a package that the tests run with', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(path.join(root, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    const installed = { ...dependencies, ...devDependencies };
    for (const { client } of claims()) {
      for (const [, name = '', version] of client.matchAll(/([@a-z][\w@/-]*) (\d+\.\d+\.\d+)/g)) {
        assert.equal(installed[name], version, name);
      }
    }
  });

  test('is a test that runs: none of the witnesses is switched off', () => {
    const off = /\b(test|it|describe)\.(skip|todo)\(/;
    const switchedOff = claims().filter(({ file }) => off.test(readFileSync(path.join(root, file), 'utf8')));
    assert.deepEqual(switchedOff, []);
  });
});
