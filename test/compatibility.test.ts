import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** How the manifest of each language names a package and its version. */
const manifests: Readonly<Record<string, RegExp>> = {
  'requirements.txt': /^(?<name>[\w.-]+)==(?<version>\S+)$/gm,
  'go.mod': /^\t(?:\S+\/)?(?!v\d+ )(?<name>[\w.-]+)(?:\/v\d+)? v(?<version>\S+)/gm,
  'pom.xml': /<artifactId>(?<name>[^<]+)<\/artifactId>\s*<version>(?<version>[^<]+)</g,
};

/** The packages that a witness runs with: those of its language's own folder, or npm's. */
function installedFor(witness: string): ReadonlyMap<string, string> {
  const clients = path.join(root, 'test', 'clients');
  const subject = /^test\/clients\/(.+)\.test\.ts$/.exec(witness)?.[1] ?? '';
  const language = readdirSync(clients).find((name) => subject === name || subject.startsWith(`${name}-`));
  if (language === undefined) {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(path.join(root, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    return new Map(Object.entries({ ...dependencies, ...devDependencies }));
  }
  const folder = path.join(clients, language);
  const found = Object.entries(manifests).flatMap(([name, form]) => {
    const file = path.join(folder, name);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return [...text.matchAll(form)].map(
      ({ groups }) => [groups?.['name'] ?? '', groups?.['version'] ?? ''] as const,
    );
  });
  return new Map(found);
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
    for (const { client, file } of claims()) {
      const installed = installedFor(file);
      for (const [, name = '', version] of client.matchAll(/([@a-z][\w@/-]*) (\d+\.\d+\.\d+)/gi)) {
        assert.equal(installed.get(name), version, name);
      }
    }
  });

  test('is a test that runs: none of the witnesses is switched off', () => {
    const off = /\b(test|it|describe)\.(skip|todo)\(/;
    const switchedOff = claims().filter(({ file }) => off.test(readFileSync(path.join(root, file), 'utf8')));
    assert.deepEqual(switchedOff, []);
  });
});
