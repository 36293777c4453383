import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../foundation/clock.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Directory } from '../directory/directory.ts';
import type { User } from '../directory/user-store.ts';
import type { Database } from '../storage/database.ts';
import { clearCookie, readCookie, setCookie } from './cookies.ts';
import { endSession, findSession, markSession, type Session, startSession } from './sessions.ts';

/** Who is signed in, and since when. */
export interface SignedIn {
  readonly session: Session;
  readonly user: User;
}

/** Who is signed in in a browser; one person at a time. */
export class BrowserSessions {
  readonly #database: Database;
  readonly #directory: Pick<Directory, 'user'>;
  readonly #clock: Clock;
  readonly #randomness: Randomness;

  constructor(parts: {
    readonly database: Database;
    readonly directory: Pick<Directory, 'user'>;
    readonly clock: Clock;
    readonly randomness: Randomness;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#randomness = parts.randomness;
  }

  /** The person of the browser's session, while the account stands and nothing was revoked since. */
  async current(request: FastifyRequest): Promise<SignedIn | undefined> {
    const id = readCookie(request, 'session');
    const at = this.#clock.now();
    const session = id === undefined ? undefined : await findSession(this.#database.read, id, at);
    if (id === undefined || session === undefined) return undefined;
    const user = await this.#directory.user(session.tenantId, session.userId);
    if (user?.enabled !== true || session.signedInAt < user.tokensValidFrom) return undefined;
    if (session.stale) await this.#database.transaction((transaction) => markSession(transaction, id, at));
    return { session, user };
  }

  /** Signs a person in, under a new session id; what the browser had before ends (C14). */
  async start(
    request: FastifyRequest,
    reply: FastifyReply,
    user: User,
    methods: readonly string[],
  ): Promise<void> {
    const before = readCookie(request, 'session');
    const { tenantId, userId } = user;
    const signedInAt = Math.max(this.#clock.now(), user.tokensValidFrom);
    const id = await this.#database.transaction(async (transaction) => {
      if (before !== undefined) await endSession(transaction, before);
      return await startSession(transaction, { tenantId, userId, methods, signedInAt }, this.#randomness);
    });
    setCookie(reply, 'session', id);
  }

  async end(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const id = readCookie(request, 'session');
    if (id !== undefined) await this.#database.transaction((transaction) => endSession(transaction, id));
    clearCookie(reply, 'session');
  }
}
