import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { KeyFiles } from './key-files.ts';

const machine = '0b0e2c6e-4b9d-4f0c-8a53-1d3d2a6f0001';

describe("the agent's files", () => {
  test('are their owner’s alone, folders included, however open they were before', async () => {
    await using folder = await temporaryFolder();
    const root = folder.file('agent');
    await mkdir(root, { mode: 0o777 });
    await chmod(root, 0o777);
    const files = new KeyFiles(root, systemRandomness);
    await files.write(machine, 'machine.json', 'one');
    await files.write(machine, 'machine.json', 'two');
    assert.equal(await files.read(machine, 'machine.json'), 'two');
    const modes = await Promise.all(
      [root, `${root}/${machine}`, `${root}/${machine}/machine.json`].map(
        async (path) => (await stat(path)).mode & 0o777,
      ),
    );
    assert.deepEqual(modes, [0o700, 0o700, 0o600]);
  });

  test('never lead out of their folder', async () => {
    await using folder = await temporaryFolder();
    const files = new KeyFiles(folder.file('agent'), systemRandomness);
    for (const name of ['..', '../x', '/etc/passwd', 'a/b', '.hidden', 'a\u0000b', '', 'A']) {
      await assert.rejects(files.write(machine, name, ''), TypeError, name);
      await assert.rejects(files.write(name, 'machine.json', ''), TypeError, name);
      await assert.rejects(files.removeMachine(name), TypeError, name);
    }
  });

  test('show nothing of a write that was cut short', async () => {
    await using folder = await temporaryFolder();
    const files = new KeyFiles(folder.path, systemRandomness);
    await files.write(machine, 'machine.json', 'whole');
    await writeFile(folder.file(`${machine}/machine.json.abc.new`), 'hal');
    assert.deepEqual(await files.list(machine), ['machine.json']);
    assert.deepEqual(await readdir(folder.file(machine)), ['machine.json']);
  });

  test('go with their machine, and what is not there is not found', async () => {
    await using folder = await temporaryFolder();
    const files = new KeyFiles(folder.path, systemRandomness);
    await files.write(machine, 'machine.json', 'x');
    await files.remove(machine, 'nothing.json');
    assert.deepEqual(await files.machines(), [machine]);
    await files.removeMachine(machine);
    await files.removeMachine(machine);
    assert.deepEqual(await files.machines(), []);
    assert.equal(await files.read(machine, 'machine.json'), undefined);
    assert.deepEqual(await files.list(machine), []);
  });
});
