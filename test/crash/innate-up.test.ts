import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { openDataFolder } from '../../src/server/storage/data-folder.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { openDatabase } from '../../src/server/storage/open-database.ts';
import { postgresStore, postgresUrl } from '../support/database.ts';
import { program, startInnate } from '../support/innate.ts';
import { Operator } from '../support/operator.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { crashRounds, crashRoundsWanted, type History, randomBetween } from './crash-rounds.ts';
import { assignmentName, InnateVictim, type Presence } from './innate-up-victim.ts';

/** What a client does with two keys of its own, again and again; two clients each way. */
const scripts = [
  ['machine/a', 'role/a', 'gone/a', 'machine/b', 'secret/b', 'erase/b'],
  ['secret/a', 'machine/a', 'role/a', 'unrole/a', 'gone/a', 'machine/b', 'role/b'],
] as const;

/** The machine that a host was enrolled for before the clients began. */
const hostKey = (round: number) => `r${round}-host`;

function operation(round: number, client: number, n: number): string {
  if (client === 0 && n === 0) return `gone/${hostKey(round)}`;
  const script = scripts[client % scripts.length] ?? scripts[0];
  const at = client === 0 ? n - 1 : n;
  const [verb, key] = (script[at % script.length] ?? '').split('/');
  return `${verb}/r${round}-c${client}-${Math.floor(at / script.length)}${key}`;
}

/** Throws where what is there does not agree with what was asked for and acknowledged. */
function assertAgrees(presence: Presence, { attempted, acknowledged }: History): void {
  const keys = new Set([...attempted].map((one) => one.split('/')[1] ?? ''));
  const { machines, roles, secrets } = presence;
  const rule = (key: string, is: boolean, made: string, ended: readonly string[]) => {
    const asked = `${made}/${key}`;
    const ends = ended.map((verb) => `${verb}/${key}`);
    if (is) assert.ok(attempted.has(asked), `${asked} was asked for by nobody`);
    if (is) for (const end of ends) assert.ok(!acknowledged.has(end), `${end} was acknowledged and is lost`);
    if (!is && acknowledged.has(asked)) {
      assert.ok(
        ends.some((end) => attempted.has(end)),
        `${asked} was acknowledged and is lost`,
      );
    }
  };
  for (const key of keys) {
    rule(key, machines.has(key), 'machine', ['gone']);
    rule(key, roles.has(assignmentName(key)), 'role', ['unrole', 'gone']);
    rule(key, secrets.has(key), 'secret', ['erase']);
    if (!machines.has(key)) assert.ok(!roles.has(assignmentName(key)), `${key} is gone, its role is not`);
  }
  for (const key of [...machines.keys(), ...secrets]) assert.ok(keys.has(key), `nobody asked for ${key}`);
}

/** The database itself, in one snapshot: everything or nothing of each thing, and a change written with it. */
async function assertWhole(
  database: Database,
  history: History,
  principals: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = await database.transaction(async (tx) => ({
    machines: await tx
      .selectFrom('resources')
      .select(['canonical', 'name'])
      .where('type_canonical', '=', 'microsoft.compute/virtualmachines')
      .execute(),
    principals: await tx
      .selectFrom('principals')
      .select(['principal_id', 'resource_canonical', 'principal_type'])
      .execute(),
    assignments: await tx.selectFrom('role_assignments').select(['assignment_id', 'principal_id']).execute(),
    credentials: await tx.selectFrom('identity_credentials').select('principal_id').execute(),
    hosts: await tx.selectFrom('machines').select('resource_canonical').execute(),
    secrets: await tx.selectFrom('vault_secrets').select(['name_canonical', 'deleted_at']).execute(),
    versions: await tx.selectFrom('vault_secret_versions').select('name_canonical').execute(),
    changes: await tx.selectFrom('change_log').select(['kind', 'key']).execute(),
  }));
  const identities = rows.principals.filter((row) => row.principal_type === 'ManagedIdentity');
  const canonicals = new Set(rows.machines.map(({ canonical }) => canonical));
  assert.equal(
    identities.length,
    canonicals.size,
    'a machine without identity, or an identity without machine',
  );
  const principalOf = new Map(identities.map((row) => [row.resource_canonical, row.principal_id]));
  assert.deepEqual(new Set(principalOf.keys()), canonicals);
  const living = new Set(rows.principals.map((row) => row.principal_id));
  for (const { principal_id } of [...rows.assignments, ...rows.credentials]) {
    assert.ok(living.has(principal_id), 'a role or a credential of an identity that is gone');
  }
  for (const host of rows.hosts) assert.ok(canonicals.has(host.resource_canonical), 'a host of nothing');
  assert.deepEqual(
    new Set(rows.versions.map((row) => row.name_canonical)),
    new Set(rows.secrets.map((row) => row.name_canonical)),
    'half a secret',
  );
  const changes = Map.groupBy(rows.changes, ({ kind, key }) => `${kind} ${key}`);
  const count = (kind: string, key: string) => changes.get(`${kind} ${key}`)?.length ?? 0;
  for (const { canonical } of rows.machines) {
    assert.ok(count('resource', canonical) >= 1, `no change tells of ${canonical}`);
    assert.ok(count('principal', principalOf.get(canonical) ?? '') >= 1, `no change tells of its identity`);
  }
  for (const { principal_id } of rows.assignments) {
    assert.ok(count('role-assignments', principal_id) >= 1, 'no change tells of a role');
  }
  for (const one of history.acknowledged) {
    const [verb, key = ''] = one.split('/');
    if (verb === 'gone')
      assert.ok(count('principal', principals.get(key) ?? '') >= 2, `no change tells of ${one}`);
  }
  assertAgrees(
    {
      machines: new Map(rows.machines.map(({ canonical, name }) => [name, principalOf.get(canonical) ?? ''])),
      roles: new Set(rows.assignments.map((row) => row.assignment_id)),
      secrets: new Set(
        rows.secrets.filter((row) => row.deleted_at === null).map((row) => row.name_canonical),
      ),
    },
    history,
  );
}

async function survives(url: string | undefined): Promise<void> {
  await using temporary = await temporaryFolder();
  const data = temporary.file('data');
  const args = url === undefined ? [] : ['--database', url];
  const principals = new Map<string, string>();
  /** Machines made before the clients began, which the harness does not know of. */
  const prepared = new Set<string>();
  const whole = ({ attempted, acknowledged }: History): History => ({
    attempted: new Set([...attempted, ...prepared]),
    acknowledged: new Set([...acknowledged, ...prepared]),
  });
  let history: History = { attempted: new Set(), acknowledged: new Set() };
  let victim: InnateVictim | undefined;
  let round = 0;

  /** Starts again on what was left, and looks at it as a client does. */
  const restart = async () => {
    const started = await InnateVictim.start(data, args, principals);
    victim = started;
    if (round === 0) return started;
    const seen = await started.seen();
    assertAgrees(seen, history);
    const [last] = [...seen.secrets].slice(-1);
    if (last !== undefined) await started.assertOpens(last);
    for (const [key, principal] of seen.machines) {
      assert.equal(principals.get(key) ?? principal, principal, `${key} has another identity`);
    }
    return started;
  };

  try {
    const { acknowledged } = await crashRounds(
      {
        killAfter: [20, 300],
        async start() {
          const started = await restart();
          if (round === 0) await started.prepare();
          await started.enrol(hostKey(round));
          prepared.add(`machine/${hostKey(round)}`);
          round += 1;
          return started;
        },
        operation,
        async check(soFar) {
          history = whole(soFar);
          await victim?.[Symbol.asyncDispose]();
          await using folder = await openDataFolder(data);
          await using database = await openDatabase({ url, folder }, systemRandomness);
          await assertWhole(database, history, principals);
        },
      },
      crashRoundsWanted(3),
    );
    assert.ok(acknowledged.size > 0, 'nothing was written before the kills');
    await restart();
  } finally {
    await victim?.[Symbol.asyncDispose]();
  }
}

/** Killed again and again before it ever served: what is left is completed by the start that is let be. */
async function survivesFirstStarts(): Promise<void> {
  await using temporary = await temporaryFolder();
  const data = temporary.file('data');
  for (let kills = 0; kills < 3; kills += 1) {
    const command = [program, 'up', '--data', data, '--listen', '127.0.0.1:0'];
    const child = spawn(process.execPath, command, { stdio: 'ignore' });
    const gone = once(child, 'close');
    await wait(randomBetween(200, 900));
    child.kill('SIGKILL');
    await gone;
  }
  await using innate = await startInnate({ data });
  using operator = new Operator(innate.ready);
  await operator.createMachine(await operator.createGroup('demo'), 'vm1');
  const tenants = (await operator.arm('GET', '/tenants?api-version=2022-12-01')).json();
  assert.equal(tenants.value.length, 1, 'a tenant was left over');
}

describe('innate up, killed at any moment while clients write', () => {
  test('has lost nothing that it acknowledged, and nothing is half made (SQLite)', () => survives(undefined));

  test('on its first start leaves what the next start completes', async () => {
    for (let times = 0; times < crashRoundsWanted(3) / 10; times += 1) await survivesFirstStarts();
  });

  const skip = postgresUrl === undefined && 'INNATE_TEST_POSTGRES names no server';
  test('has lost nothing that it acknowledged, and nothing is half made (PostgreSQL)', { skip }, async () => {
    await using store = await postgresStore(postgresUrl ?? '');
    assert.ok('url' in store.location);
    await survives(store.location.url);
  });
});
