import type { FastifyInstance } from 'fastify';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { ClientId, PrincipalId, TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Directory } from '../directory/directory.ts';
import type { TokenVerifier } from '../http/bearer.ts';
import type { Outbound } from '../outbound/fetcher.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import type { TokenIssuer } from '../tokens/issue.ts';
import { issuerOf } from '../tokens/issuers.ts';
import { EventPoller } from './poller.ts';
import { EventPusher } from './pusher.ts';
import { registerSignals } from './signal-routes.ts';
import { Streams } from './streams.ts';
import { SignalWatcher } from './watcher.ts';

export interface TransmitterParts {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly follower: ChangeFollower;
  readonly directory: Directory;
  readonly sealer: Sealer;
  readonly outbound: Pick<Outbound, 'post'>;
  readonly issuer: Pick<TokenIssuer, 'signEventToken'>;
  readonly verifier: TokenVerifier;
  /** Audiences of receivers' tokens, without trailing slash. */
  readonly audiences: readonly string[];
  /** Whether a principal may hear of its tenant. */
  readonly mayHear: (principal: {
    readonly tenantId: TenantId;
    readonly principalId: PrincipalId;
  }) => Promise<boolean>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** The Shared Signals transmitter of this process. Disposing it ends deliveries after those under way. */
export interface Transmitter extends AsyncDisposable {
  readonly watcher: SignalWatcher;
  start(): void;
}

/** Puts the transmitter's endpoints on the login surface. */
export function createTransmitter(app: FastifyInstance, parts: TransmitterParts): Transmitter {
  const { profile, database, follower, directory, sealer, outbound, issuer, clock, randomness, log } = parts;
  const issuerOfTenant = (tenantId: TenantId) => issuerOf(profile, 'v2', tenantId);
  const tokens = { issuer, issuerOf: issuerOfTenant };
  const watcher = new SignalWatcher({
    ...{ database, clock, randomness, log, feed: follower, issuerOf: issuerOfTenant },
  });
  const mayHearAs = async ({ tenantId, clientId }: { tenantId: TenantId; clientId: ClientId }) => {
    const principal = (await directory.client(tenantId, clientId))?.principal;
    return principal?.enabled === true && (await parts.mayHear(principal));
  };
  const pusher = new EventPusher({
    ...{ database, sealer, outbound, clock, log, ...tokens, feed: follower },
    mayHear: mayHearAs,
  });
  const pollUrl = (tenantId: TenantId, streamId: string) =>
    `https://${profile.login}/${tenantId}/ssf/poll/${streamId}`;
  registerSignals(app, {
    profile,
    directory,
    verifier: parts.verifier,
    audiences: parts.audiences,
    mayHear: parts.mayHear,
    issuerOf: issuerOfTenant,
    streams: new Streams({
      ...{ database, sealer, clock, randomness, log, issuerOf: issuerOfTenant, pollUrl },
    }),
    poller: new EventPoller({ database, follower, log, ...tokens }),
  });
  return {
    watcher,
    start() {
      watcher.start();
      pusher.start();
    },
    async [Symbol.asyncDispose]() {
      await watcher[Symbol.asyncDispose]();
      await pusher[Symbol.asyncDispose]();
    },
  };
}
