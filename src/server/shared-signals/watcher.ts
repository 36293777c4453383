import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Change, ChangeFeed } from '../storage/change-log.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { countWaiting, enqueue, longestQueue } from './delivery-queue.ts';
import {
  type Stream,
  selectExclusions,
  selectHeardTenants,
  selectStreams,
  updateStream,
} from './stream-store.ts';
import { type SubjectEvent, subjectEvents } from './subject-events.ts';
import { readFacts, type SubjectFacts } from './subject-facts.ts';

export interface WatcherParts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** The issuer of a tenant's event tokens, by which subjects are named. */
  readonly issuerOf: (tenantId: TenantId) => string;
}

/** Milliseconds between looks at everything, for what a process that ended left unsaid. */
const lookAgain = 600_000;
/** Milliseconds after which what failed is tried again. */
const retryAfter = 1000;

/**
 * Turns what has changed into events that wait for receivers. The change log says where to look; what receivers were
 * told last is in the database, so that an event is made once, by one replica, whatever is missed or comes twice.
 */
export class SignalWatcher implements AsyncDisposable {
  readonly #parts: WatcherParts;
  /** Tenant → subjects to look at: object ids, `client` and a client id, or everybody. */
  readonly #pending = new Map<TenantId, Set<string>>();
  #heard: ReadonlySet<TenantId> = new Set();
  #heardIsStale = true;
  #lookEverywhere = false;
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    parts.feed.onChange((changes) => this.#note(changes));
    parts.feed.onReset(() => this.#lookAtAll());
  }

  start(): void {
    this.#lookAtAll();
    this.#timer = setInterval(() => this.#lookAtAll(), lookAgain);
    this.#timer.unref();
  }

  /** Resolves when everything committed before the call has become events. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  #note(changes: readonly Change[]): void {
    for (const { tenantId, kind, key } of changes) {
      switch (kind) {
        case 'principal':
        case 'user':
        case 'role-assignments':
        case 'app-roles':
          this.#add(tenantId, key);
          break;
        case 'client':
          this.#add(tenantId, `client ${key}`);
          break;
        case 'signing-keys':
          this.#add(tenantId, tenantId);
          break;
        case 'memberships':
          this.#add(tenantId, everybody);
          break;
        case 'signal-streams':
          this.#heardIsStale = true;
          break;
        default:
      }
    }
    this.#work();
  }

  #add(tenantId: TenantId, subject: string): void {
    // a tenant that nobody listened to when this process last looked may be listened to by now
    if (!this.#heardIsStale && !this.#heard.has(tenantId)) return;
    const known = this.#pending.get(tenantId);
    if (known === undefined) this.#pending.set(tenantId, new Set([subject]));
    else known.add(subject);
  }

  #lookAtAll(): void {
    this.#heardIsStale = true;
    this.#lookEverywhere = true;
    this.#work();
  }

  /** Outside the commit that told of the change, which waits for its listeners. */
  #work(): void {
    if (this.#disposed || this.#working !== undefined) return;
    if (this.#pending.size === 0 && !this.#lookEverywhere) return;
    this.#working = this.#drain()
      .catch((error: unknown) => {
        this.#parts.log.error(
          { err: error },
          'changes could not be made into events; they are looked at again',
        );
        this.#lookEverywhere = true;
        setTimeout(() => this.#work(), retryAfter).unref();
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #drain(): Promise<void> {
    const { database, log } = this.#parts;
    while (!this.#disposed && (this.#pending.size > 0 || this.#lookEverywhere)) {
      if (this.#heardIsStale) {
        this.#heardIsStale = false;
        this.#heard = new Set(await selectHeardTenants(database.read));
      }
      if (this.#lookEverywhere) {
        this.#lookEverywhere = false;
        for (const tenantId of this.#heard) this.#add(tenantId, everybody);
      }
      const [first] = this.#pending;
      if (first === undefined) return;
      const [tenantId, subjects] = first;
      this.#pending.delete(tenantId);
      if (!this.#heard.has(tenantId)) continue;
      for (const subject of await this.#expand(tenantId, subjects)) {
        const made = await database.transaction((transaction) =>
          this.#reconcile(transaction, tenantId, subject),
        );
        if (made > 0) log.debug({ event: 'signals', tenantId, subject, made }, 'security events');
      }
    }
  }

  /** Object ids behind what changes named; of everybody, those who differ from what receivers know. */
  async #expand(tenantId: TenantId, subjects: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const { read } = this.#parts.database;
    const ids = new Set<string>();
    for (const subject of subjects) {
      if (subject === everybody) {
        const [now, known] = [await readFacts(read, tenantId), await selectKnown(read, tenantId)];
        for (const [id, facts] of now) if (known.get(id) !== JSON.stringify(facts)) ids.add(id);
        for (const id of known.keys()) if (!now.has(id)) ids.add(id);
      } else if (subject.startsWith('client ')) {
        const row = await read
          .selectFrom('principals')
          .select('principal_id')
          .where('tenant_id', '=', tenantId)
          .where('client_id', '=', subject.slice('client '.length))
          .executeTakeFirst();
        if (row !== undefined) ids.add(row.principal_id);
      } else {
        ids.add(subject);
      }
    }
    return ids;
  }

  async #reconcile(transaction: Transaction, tenantId: TenantId, subjectId: string): Promise<number> {
    const before = (await selectKnown(transaction, tenantId, subjectId)).get(subjectId);
    const after = (await readFacts(transaction, tenantId, subjectId)).get(subjectId);
    const text = after === undefined ? undefined : JSON.stringify(after);
    if (before === text) return 0;
    await remember(transaction, tenantId, subjectId, text);
    const at = this.#parts.clock.now();
    const known = before === undefined ? undefined : (JSON.parse(before) as SubjectFacts);
    // a managed identity is listed among what was deleted, and never comes back
    const restorable =
      known?.kind !== 'managedIdentity' && (await isRestorable(transaction, tenantId, subjectId));
    const events = subjectEvents(known, after, { restorable, at });
    if (events.length === 0) return 0;
    const exclusions = await selectExclusions(transaction, tenantId, subjectId);
    let made = 0;
    for (const stream of await selectStreams(transaction, tenantId)) {
      if (stream.state === 'disabled' || exclusions.has(stream.streamId)) continue;
      made += await this.#tell(transaction, stream, { subjectId, events, at });
    }
    return made;
  }

  async #tell(
    transaction: Transaction,
    stream: Stream,
    {
      subjectId,
      events,
      at,
    }: { readonly subjectId: string; readonly events: readonly SubjectEvent[]; readonly at: number },
  ): Promise<number> {
    const { issuerOf, randomness } = this.#parts;
    const { tenantId } = stream;
    const wanted = events.filter(({ type }) => stream.events.includes(type));
    if (wanted.length === 0) return 0;
    if ((await countWaiting(transaction, stream)) >= longestQueue) {
      const reason = `${longestQueue} events wait for the receiver`;
      await updateStream(transaction, { ...stream, at }, { state: 'disabled', reason });
      return 0;
    }
    const sub_id =
      subjectId === tenantId
        ? { format: 'complex', tenant: { format: 'opaque', id: tenantId } }
        : { format: 'iss_sub', iss: issuerOf(tenantId), sub: subjectId };
    const txn = randomness.uuid();
    for (const { type, payload } of wanted) {
      const claims = { sub_id, events: { [type]: payload }, txn };
      await enqueue(transaction, stream, { jti: randomness.uuid(), claims, at });
    }
    return wanted.length;
  }
}

/** In the place of a subject: whoever is there. */
const everybody = '*';

/** Notes the facts of a whole tenant as known to all, where nobody listened before: only what changes from here on is news. */
export async function beginHearing(transaction: Transaction, tenantId: TenantId): Promise<void> {
  const streams = await selectStreams(transaction, tenantId);
  if (streams.length > 0) return;
  await transaction.deleteFrom('signal_subjects').where('tenant_id', '=', tenantId).execute();
  const rows = [...(await readFacts(transaction, tenantId))].map(([subject_id, facts]) => ({
    tenant_id: tenantId,
    subject_id,
    facts: JSON.stringify(facts),
  }));
  for (let from = 0; from < rows.length; from += 500) {
    await transaction
      .insertInto('signal_subjects')
      .values(rows.slice(from, from + 500))
      .execute();
  }
}

async function selectKnown(
  queries: Database['read'],
  tenantId: TenantId,
  subjectId?: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = await queries
    .selectFrom('signal_subjects')
    .select(['subject_id', 'facts'])
    .where('tenant_id', '=', tenantId)
    .$if(subjectId !== undefined, (query) => query.where('subject_id', '=', subjectId ?? ''))
    .execute();
  return new Map(rows.map(({ subject_id, facts }) => [subject_id, facts]));
}

async function remember(
  transaction: Transaction,
  tenantId: TenantId,
  subjectId: string,
  facts: string | undefined,
): Promise<void> {
  if (facts === undefined) {
    await transaction
      .deleteFrom('signal_subjects')
      .where('tenant_id', '=', tenantId)
      .where('subject_id', '=', subjectId)
      .execute();
    return;
  }
  await transaction
    .insertInto('signal_subjects')
    .values({ tenant_id: tenantId, subject_id: subjectId, facts })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'subject_id']).doUpdateSet({ facts }))
    .execute();
}

async function isRestorable(
  transaction: Transaction,
  tenantId: TenantId,
  objectId: string,
): Promise<boolean> {
  const row = await transaction
    .selectFrom('deleted_objects')
    .select('object_id')
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', objectId)
    .executeTakeFirst();
  return row !== undefined;
}
