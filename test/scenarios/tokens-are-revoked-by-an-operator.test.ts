import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { selectPrincipal } from '../../src/server/directory/directory-store.ts';
import { selectUser } from '../../src/server/directory/user-store.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';
import { makePerson, type TestPerson } from '../support/people.ts';

const path = '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01';

describe('revokeTokens', () => {
  let management: TestManagement;
  let alice: TestPerson;
  before(async () => {
    management = await testManagement();
    alice = await makePerson(management, management.home.tenantId, 'alice@contoso.example');
    management.clock.advance(5000);
  });
  after(() => management?.[Symbol.asyncDispose]());

  const revoke = (body: unknown, as = management.home.owner) => management.ask('POST', path, { as, body });

  test('ends the tokens of a principal and of a person, by id or by name, and says from when on they hold', async () => {
    const { home, database } = management;
    const at = management.clock.now();
    const answer = await revoke({ principalId: home.owner.principalId.toUpperCase() });
    assert.equal(answer.status, 200, answer.text);
    const principal = await selectPrincipal(database.read, home.tenantId, home.owner.principalId);
    assert.equal(principal?.tokensValidFrom, at);
    const { principalId, principalType, tokensValidFrom } = answer.body as Body;
    assert.deepEqual(
      [principalId, principalType, tokensValidFrom],
      [home.owner.principalId, 'ServicePrincipal', new Date(at).toISOString()],
    );
    for (const body of [{ userPrincipalName: 'ALICE@contoso.example' }, { principalId: alice.userId }]) {
      management.clock.advance(1000);
      const { status, body: told } = await revoke(body);
      assert.deepEqual([status, told.principalType, told.principalId], [200, 'User', alice.userId]);
      const user = await selectUser(database.read, home.tenantId, { userId: alice.userId });
      assert.equal(user?.tokensValidFrom, management.clock.now());
    }
  });

  test('takes a right of its own, and knows nobody of another tenant', async () => {
    const outsider = await management.application(management.home, 'outsider');
    assert.equal((await revoke({ principalId: alice.userId }, outsider)).status, 403);
    const answers = [
      await revoke({ principalId: alice.userId }, management.foreign.owner),
      await revoke({ userPrincipalName: alice.userPrincipalName }, management.foreign.owner),
      await revoke({ principalId: crypto.randomUUID() }),
    ];
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.error.code], [404, 'PrincipalNotFound']);
    }
  });

  test('refuses what names nobody, or two', async () => {
    const both = { principalId: alice.userId, userPrincipalName: alice.userPrincipalName };
    for (const body of [{}, both, { principalId: 'x' }, { principalId: alice.userId, more: 1 }, [], 'x']) {
      const answer = await revoke(body);
      assert.equal(answer.status, 400, JSON.stringify(body));
    }
  });
});

describe('innate revoke', () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('ends the tokens of a machine by its name, and says whom it does not know', async () => {
    const done = await world.run(['revoke', 'vm1']);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^tokens of vm1 from before \d{4}-\d\d-\d\dT[\d:.]+Z are refused$/m);
    for (const who of ['nobody-of-this-name', 'nobody@example.com', crypto.randomUUID()]) {
      const refused = await world.run(['revoke', who]);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, new RegExp(who));
    }
  });
});
