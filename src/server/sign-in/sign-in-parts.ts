import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { SignInLog } from '../audit/sign-in-log.ts';
import type { Directory } from '../directory/directory.ts';
import type { Database } from '../storage/database.ts';
import type { TokenServices } from '../tokens/token-service.ts';
import type { UpstreamProvider } from './upstream-config.ts';

/** What the sign-in is made of. */
export interface SignInParts {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signIns: SignInLog;
  readonly tokens: TokenServices;
  /** Providers elsewhere by which people may sign in as well. */
  readonly upstream: readonly UpstreamProvider[];
}
