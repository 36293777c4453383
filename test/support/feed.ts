import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { ChangeFollower } from '../../src/server/storage/change-log.ts';
import type { Database } from '../../src/server/storage/database.ts';

/** A started follower of the database's changes: `await using follower = await testFollower(database)`. */
export async function testFollower(database: Database): Promise<ChangeFollower> {
  const follower = new ChangeFollower(database, systemClock, silentLog);
  await follower.start();
  return follower;
}
