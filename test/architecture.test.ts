import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

const root = path.resolve(import.meta.dirname, '..');
const leaf = ['foundation', 'contract'];

/**
 * Who may import whom: folder → folders. What is not named is forbidden; type imports count. `server` and `agent`
 * stand for their own files, and for folders of theirs without a row.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  foundation: [],
  contract: ['foundation'],
  client: leaf,
  'server/storage': ['foundation'],
  'server/http': leaf,
  'server/outbound': [...leaf, 'server/http'],
  'server/audit': [...leaf, 'server/storage'],
  'server/directory': [...leaf, 'server/storage', 'server/http', 'server/audit'],
  'server/federation': [...leaf, 'server/storage', 'server/http', 'server/directory', 'server/outbound'],
  'server/managed-identities': [...leaf, 'server/storage', 'server/audit', 'server/directory'],
  'server/management-groups': [...leaf, 'server/storage'],
  'server/authorization': [...leaf, 'server/storage', 'server/directory', 'server/management-groups'],
  'server/machines': [...leaf, 'server/storage', 'server/http', 'server/managed-identities'],
  'server/tokens': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/audit',
    'server/directory',
    'server/federation',
    'server/managed-identities',
    'server/machines',
  ],
  'server/sign-in': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/audit',
    'server/directory',
    'server/outbound',
    'server/tokens',
  ],
  'server/graph': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/audit',
    'server/directory',
    'server/federation',
    'server/managed-identities',
  ],
  'server/shared-signals': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/audit',
    'server/directory',
    'server/outbound',
    'server/tokens',
  ],
  'server/resource-manager': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/managed-identities',
    'server/management-groups',
    'server/authorization',
  ],
  'server/identity-service': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/managed-identities',
    'server/authorization',
    'server/resource-manager',
  ],
  'server/templates': leaf,
  'server/deployments': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/management-groups',
    'server/resource-manager',
    'server/templates',
  ],
  'server/targets': [...leaf, 'server/storage', 'server/http', 'server/authorization'],
  'server/providers': [
    ...leaf,
    'server/storage',
    'server/http',
    'server/audit',
    'server/directory',
    'server/federation',
    'server/managed-identities',
    'server/management-groups',
    'server/authorization',
    'server/machines',
    'server/tokens',
    'server/resource-manager',
    'server/templates',
    'server/deployments',
    'server/targets',
  ],
  server: [...leaf, 'server/*'],
  'agent/host-protocols': leaf,
  'agent/isolation': leaf,
  agent: [...leaf, 'client', 'agent/host-protocols', 'agent/isolation'],
  cli: [...leaf, 'client', 'agent/isolation'],
};

/** Exceptions by file: the composition roots that a command starts. */
const mayAlsoImport: Readonly<Record<string, readonly string[]>> = {
  'src/cli/commands/up.ts': ['src/server/compose.ts', 'src/agent/compose.ts'],
  'src/cli/commands/signer.ts': ['src/server/signer-process.ts'],
};

/** Runtime packages and the folders (or files) behind whose fence they stay. */
const packageFences: Readonly<Record<string, readonly string[]>> = {
  '@peculiar/x509': ['src/foundation/x509.ts'],
  'reflect-metadata': ['src/foundation/x509.ts'],
  commander: ['src/cli/'],
  listr2: ['src/cli/'],
  yaml: ['src/cli/'],
  '@jmespath-community/jmespath': ['src/cli/'],
  fastify: ['src/server/'],
  jose: ['src/server/tokens/', 'src/server/machines/'],
  kysely: ['src/server/'],
  'openid-client': ['src/server/sign-in/'],
  pg: ['src/server/storage/'],
  pino: ['src/server/'],
  zod: ['src/contract/', 'src/server/'],
};

interface Import {
  readonly from: string;
  /** A file of the project, a package name, or `node:…`. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const sources = globSync('src/**/*.ts', { cwd: root }).sort();
const programs = sources.filter((file) => !file.endsWith('.test.ts'));
const textOf = (file: string) => readFileSync(path.join(root, file), 'utf8');

function importsOf(file: string): Import[] {
  const text = textOf(file);
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean) => {
    const to = specifier.startsWith('.') ? path.join(path.dirname(file), specifier) : packageName(specifier);
    found.push({ from: file, to, typeOnly });
  };
  for (const match of text.matchAll(/^(?:import|export)\s([^'";]*?)\sfrom\s+'([^']+)'/gms)) {
    const clause = match[1] as string;
    const named = /^\{([^}]*)\}$/s.exec(clause.trim());
    const allTypes =
      named !== null &&
      (named[1] as string)
        .split(',')
        .filter((part) => part.trim() !== '')
        .every((part) => part.trim().startsWith('type '));
    add(match[2] as string, /^type\s/.test(clause) || allTypes);
  }
  for (const match of text.matchAll(/^import\s+'([^']+)'/gm)) add(match[1] as string, false);
  for (const match of text.matchAll(/(typeof\s+)?\bimport\(\s*'([^']+)'\s*\)/g))
    add(match[2] as string, match[1] !== undefined);
  return found;
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The row of the table that a file falls under. */
function folderOf(file: string): string {
  const folders = path.dirname(file).split(path.sep).slice(1);
  for (let depth = folders.length; depth > 0; depth -= 1) {
    const name = folders.slice(0, depth).join('/');
    if (name in mayImport) return name;
  }
  return folders.join('/');
}

const imports = sources.flatMap(importsOf);
const fileImports = imports.filter(({ to }) => to.startsWith('src'));
const packageImports = imports.filter(
  ({ to }) => !to.startsWith('src') && !to.startsWith('node:') && !to.startsWith('test'),
);

describe('the architecture', () => {
  test('every folder has its row in the import table', () => {
    const missing = new Set(sources.map(folderOf).filter((folder) => !(folder in mayImport)));
    assert.deepEqual([...missing], []);
  });

  test('a folder imports only what its row names', () => {
    const forbidden = fileImports.filter(({ from, to }) => {
      const [own, other] = [folderOf(from), folderOf(to)];
      if (own === other || mayAlsoImport[from]?.includes(to)) return false;
      const allowed = mayImport[own] ?? [];
      return !allowed.includes(other) && !(allowed.includes('server/*') && other.startsWith('server/'));
    });
    assert.deepEqual(
      forbidden.map(({ from, to }) => `${from} → ${to}`),
      [],
    );
  });

  test('no provider imports another, nor a target, nor a host protocol', () => {
    const siblings = ['src/server/providers/', 'src/server/targets/', 'src/agent/host-protocols/'];
    const crossing = fileImports.filter(({ from, to }) =>
      siblings.some((folder) => {
        if (!from.startsWith(folder) || !to.startsWith(folder)) return false;
        const [own, other] = [from, to].map((file) => file.slice(folder.length).split('/'));
        const bothInside = (own?.length ?? 0) > 1 && (other?.length ?? 0) > 1;
        return bothInside && own?.[0] !== other?.[0];
      }),
    );
    assert.deepEqual(
      crossing.map(({ from, to }) => `${from} → ${to}`),
      [],
    );
  });

  test('imports form no ring, type imports included', () => {
    const targets = new Map<string, string[]>();
    for (const { from, to } of fileImports) targets.set(from, [...(targets.get(from) ?? []), to]);
    const done = new Set<string>();
    const rings: string[] = [];
    const visit = (file: string, trail: readonly string[]) => {
      if (trail.includes(file)) {
        rings.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const next of targets.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of programs) visit(file, []);
    assert.deepEqual(rings, []);
  });

  test('a package stays behind its fence', () => {
    const outside = packageImports.filter(({ from, to, typeOnly }) => {
      if (from.endsWith('.test.ts')) return false;
      const fence = packageFences[to];
      if (fence === undefined) return true;
      return (
        !typeOnly && !fence.some((place) => from === place || (place.endsWith('/') && from.startsWith(place)))
      );
    });
    assert.deepEqual(
      outside.map(({ from, to }) => `${from} → ${to}`),
      [],
    );
  });

  test('the agent runs without any package', () => {
    const reached = new Set<string>();
    const packages = new Set<string>();
    const follow = (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { to, typeOnly } of importsOf(file)) {
        if (typeOnly || to.startsWith('node:')) continue;
        if (to.startsWith('src')) follow(to);
        else packages.add(`${file} → ${to}`);
      }
    };
    for (const file of programs.filter((name) => name.startsWith('src/agent/'))) follow(file);
    assert.deepEqual([...packages], []);
  });

  test('time, randomness and the environment are read in one file each', () => {
    const only: readonly [RegExp, string][] = [
      [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, 'src/foundation/clock.ts'],
      [/\bMath\.random\(/, 'src/foundation/randomness.ts'],
      [/\bprocess\.env\b/, 'src/foundation/environment.ts'],
      [/\bprocess\.exit\(/, ''],
    ];
    const found = only.flatMap(([pattern, place]) =>
      programs
        .filter((file) => file !== place && pattern.test(textOf(file)))
        .map((file) => `${file}: ${pattern}`),
    );
    assert.deepEqual(found, []);
  });

  test('only the signer signs tokens and only the verifier verifies them', () => {
    const sign = /\bSignJWT\b|\bCompactSign\b|^import \{[^}]*\bsign\b[^}]*\} from 'node:crypto'/m;
    const verify = /\bjwtVerify\b|\bcompactVerify\b|^import \{[^}]*\bverify\b[^}]*\} from 'node:crypto'/m;
    const places: readonly [RegExp, readonly string[]][] = [
      // the agent signs as a client does: assertions and proofs with keys of its own
      [sign, ['src/server/tokens/signer.ts', 'src/server/tokens/self-test.ts', 'src/agent/jws.ts']],
      // tokens and client assertions; the proofs of hosts, which are no tokens
      [verify, ['src/server/tokens/signature.ts', 'src/server/machines/machine-proof.ts']],
      [
        /\bsignatureHolds\(/,
        [
          'signature',
          'verify',
          'client-assertion',
          'federated-assertion',
          'proof-of-possession',
          'self-test',
          'signer',
          'remote-signer',
        ].map((name) => `src/server/tokens/${name}.ts`),
      ],
      [/\bcreateHmac\b|\bHS256\b/, []],
    ];
    const elsewhere = places.flatMap(([pattern, files]) =>
      programs.filter((file) => pattern.test(textOf(file)) && !files.includes(file)),
    );
    assert.deepEqual(elsewhere, []);
  });

  test('no file has a name that excludes nothing', () => {
    const vague = /(^|\/)(utils?|helpers?|common|shared|misc|types|core|index)(\.ts$|\/)/;
    assert.deepEqual(
      sources.filter((file) => vague.test(file)),
      [],
    );
  });

  test('no file passes 400 lines', () => {
    const long = sources.filter((file) => textOf(file).split('\n').length > 401);
    assert.deepEqual(long, []);
  });

  test('every folder of the table opens with a README of at most twelve lines', () => {
    const wrong = Object.keys(mayImport).filter((folder) => {
      const readme = path.join(root, 'src', folder, 'README.md');
      return !existsSync(readme) || readFileSync(readme, 'utf8').trimEnd().split('\n').length > 12;
    });
    assert.deepEqual(wrong, []);
  });

  test('every runtime dependency has its reason in a decision record', () => {
    const { dependencies, optionalDependencies } = JSON.parse(textOf('package.json'));
    const records = globSync('docs/decisions/*.md', { cwd: root }).map(textOf).join('\n');
    const unexplained = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)].filter(
      (name) => !records.includes(`\`${name}\``),
    );
    assert.deepEqual(unexplained, []);
  });
});
