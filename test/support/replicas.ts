import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { postgresStore, postgresUrl } from './database.ts';
import { createHost, type Host } from './host.ts';
import { startInnate } from './innate.ts';
import { Operator } from './operator.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** One server, or two that share a database. */
export interface Replicas extends AsyncDisposable {
  /** Where things are taken away. */
  readonly operator: Operator;
  /** Where tokens are used: another replica, or the same server. */
  readonly user: Operator;
  /** Enrolled, and given its tokens, where they are used. */
  readonly host: Host;
}

export interface Arrangement {
  readonly where: string;
  start(): Promise<Replicas>;
  /** Why it cannot be had here. */
  readonly skip: string | false;
}

export const arrangements: readonly Arrangement[] = [
  { where: 'one server over SQLite', start: onSqlite, skip: false },
  {
    where: 'the other of two replicas over PostgreSQL',
    start: onPostgres,
    skip: postgresUrl === undefined && 'INNATE_TEST_POSTGRES names no server',
  },
];

async function onSqlite(): Promise<Replicas> {
  await using stack = new AsyncDisposableStack();
  const innate = stack.use(await startInnate());
  const operator = stack.use(new Operator(innate.ready));
  return await withHost(stack.move(), operator, operator);
}

async function onPostgres(): Promise<Replicas> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await postgresStore(postgresUrl ?? ''));
  assert.ok('url' in store.location);
  const keyFile = stack.use(await temporaryFolder()).file('key');
  await writeFile(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const args = ['--database', store.location.url, '--key-file', keyFile];
  // both at once, on an empty database
  const starts = await Promise.allSettled([startInnate({ args }), startInnate({ args })]);
  const [first, second] = starts.map((one) => {
    if (one.status === 'fulfilled') return stack.use(one.value);
    throw one.reason;
  });
  assert.ok(first !== undefined && second !== undefined);
  const operator = stack.use(new Operator(first.ready));
  const user = stack.use(new Operator(second.ready));
  return await withHost(stack.move(), operator, user);
}

async function withHost(parts: AsyncDisposableStack, operator: Operator, user: Operator): Promise<Replicas> {
  await using stack = parts;
  const host = stack.use(await createHost(user));
  const moved = stack.move();
  return { operator, user, host, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
