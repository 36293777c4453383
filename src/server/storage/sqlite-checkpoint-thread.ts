import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** The thread behind `sqlite-checkpointer`: writes back what can be written back without waiting for anybody. */
const database = new DatabaseSync(workerData as string, { timeout: 5000 });
database.exec('PRAGMA fullfsync = 1');
database.exec('PRAGMA checkpoint_fullfsync = 1');

parentPort?.on('message', () => {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  parentPort?.postMessage('done');
});
