import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld, domestic, follow } from '../support/demo-world.ts';
import { program } from '../support/innate.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

describe('innate completion', () => {
  let world: DemoWorld;
  let folder: TemporaryFolder;
  before(async () => {
    [world, folder] = [await demoWorld(), await temporaryFolder()];
    const file = folder.file('innate');
    writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(file, 0o755);
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const innate = async (...words: string[]) =>
    await follow(spawn(process.execPath, [program, ...words], { stdio: 'pipe', env: domestic() })).outcome;

  /** What bash offers for a line, by the script as a user would load it. */
  async function offered(words: readonly string[]): Promise<readonly string[]> {
    const script = `
      source <(innate completion bash)
      complete -p innate >/dev/null || exit 1
      COMP_WORDS=(innate "$@")
      COMP_CWORD=$#
      _innate innate
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const PATH = `${folder.file('.')}:${process.env['PATH']}`;
    const child = spawn('bash', ['-c', script, 'bash', ...words], {
      stdio: 'pipe',
      env: { ...domestic(), PATH },
    });
    const { code, stdout, stderr } = await follow(child).outcome;
    assert.equal(code, 0, stderr);
    return stdout.split('\n').filter((line) => line !== '');
  }

  test('lets bash complete commands, options, choices and names of the running deployment', async () => {
    assert.deepEqual(await offered(['ident']), ['identity']);
    assert.deepEqual(await offered(['vm', 'list', '-o', 'ta']), ['table']);
    const data = ['--data', world.innate.data];
    assert.deepEqual(await offered(['vm', 'show', ...data, '-n', '']), ['vm1', 'vm2']);
    assert.deepEqual(await offered(['group', 'show', ...data, 'd']), ['demo']);
    assert.deepEqual(await offered(['run', ...data, 'demo']), ['demo-kv']);
    assert.deepEqual(await offered(['run', ...data, 'vm1', '--', 'n']), []);
  });

  test('offers no name that a shell would run, or split', async () => {
    assert.equal((await world.run(['group', 'create', '-n', 'de(id)'])).code, 0);
    assert.deepEqual(await offered(['group', 'show', '--data', world.innate.data, 'de']), ['demo']);
  });

  test('completes nothing, and fails nowhere, where no server runs', async () => {
    assert.deepEqual(await offered(['vm', 'show', '--data', folder.file('none'), '-n', '']), []);
  });

  test('is there for zsh and fish, and says so where another shell is asked for', async () => {
    for (const [shell, line] of [
      ['zsh', 'compdef _innate innate'],
      ['fish', 'complete -c innate'],
    ] as const) {
      const { stdout } = await innate('completion', shell);
      assert.ok(stdout.includes(line), stdout);
    }
    const other = await innate('completion', 'tcsh');
    assert.equal(other.code, 2);
    assert.match(other.stderr, /innate completion knows bash, zsh, fish/);
  });
});
