import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { formatEnvironment } from './environment-text.ts';

const hostile = {
  PLAIN: '/a/b:c,d',
  EMPTY: '',
  SPACES: ' a  b ',
  QUOTES: `it's "quoted" \\ and \`backticks\``,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell would expand it
  DOLLAR: '$(touch /tmp/innate-was-here) ${HOME} $HOME !!',
  LINES: 'one\ntwo\n',
  TRICK: `'; echo injected; '`,
  UNICODE: 'é😀',
  TILDE: '~/x',
};

describe('an environment as text', () => {
  test('is data to a shell, whatever a value holds', () => {
    const text = formatEnvironment({ ...hostile, GONE: undefined }, 'shell');
    const script = `GONE=here; export GONE; eval "$INNATE"; exec node -p 'JSON.stringify({...process.env})'`;
    const environment = { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`, INNATE: text };
    const seen = JSON.parse(execFileSync('sh', ['-c', script], { env: environment, encoding: 'utf8' }));
    for (const [name, value] of Object.entries(hostile)) assert.equal(seen[name], value, name);
    assert.ok(!('GONE' in seen));
  });

  test("is read back by Node's own reader of .env files, but for escapes", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-env-'));
    try {
      const { QUOTES, ...readable } = hostile;
      writeFileSync(path.join(folder, '.env'), formatEnvironment({ ...readable, GONE: undefined }, 'dotenv'));
      const { stdout } = spawnSync(
        process.execPath,
        ['--env-file=.env', '-p', 'JSON.stringify({...process.env})'],
        { cwd: folder, env: {}, encoding: 'utf8' },
      );
      const seen = JSON.parse(stdout);
      for (const name of ['PLAIN', 'EMPTY', 'SPACES', 'DOLLAR', 'LINES', 'UNICODE', 'TILDE'] as const) {
        assert.equal(seen[name], readable[name], name);
      }
      assert.ok(QUOTES.includes('"'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('says in JSON what is taken away', () => {
    assert.deepEqual(JSON.parse(formatEnvironment({ ...hostile, GONE: undefined }, 'json')), {
      ...hostile,
      GONE: null,
    });
  });

  test('is refused where a name is none', () => {
    assert.throws(() => formatEnvironment({ 'A;B': 'x' }, 'shell'), TypeError);
  });
});
