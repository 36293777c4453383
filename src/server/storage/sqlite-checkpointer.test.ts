import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { openSqlite } from './sqlite.ts';
import { Checkpointer } from './sqlite-checkpointer.ts';

test('a checkpoint is told when it is done', async () => {
  await using folder = await temporaryFolder();
  await using _database = await openSqlite(folder.file('innate.db'));
  await using checkpointer = new Checkpointer(folder.file('innate.db'));
  await checkpointer.run();
  await checkpointer.run();
});

test('a thread that has ended keeps nobody waiting: each checkpoint that is asked of it fails', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('text.db'), 'no database, but long enough to be looked at. '.repeat(40));
  await using checkpointer = new Checkpointer(folder.file('text.db'));
  await assert.rejects(checkpointer.run());
  await assert.rejects(checkpointer.run());
});
