import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestManagement, type TestPrincipal, testManagement } from '../../../test/support/management.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { InnerRequest } from './inner-request.ts';

let world: TestManagement;
before(async () => {
  world = await testManagement();
});
after(() => world[Symbol.asyncDispose]());

async function dispatch(as: TestPrincipal, request: Omit<InnerRequest, 'caller' | 'origin'>) {
  const caller = await world.verifier.verify(as.token);
  return await world.dispatch({ ...request, caller, origin: 'https://management.azure.com' });
}

function group(name: string): string {
  return `/subscriptions/${world.home.subscriptionId}/resourceGroups/${name}?api-version=2021-04-01`;
}

async function takeRightsFrom({ principalId }: TestPrincipal): Promise<void> {
  const as = world.home.owner;
  const place = `/subscriptions/${world.home.subscriptionId}/providers/Microsoft.Authorization/roleAssignments`;
  const filter = encodeURIComponent(`principalId eq '${principalId}'`);
  const { body: list } = await world.ask('GET', `${place}?api-version=2022-04-01&$filter=${filter}`, { as });
  for (const { id } of list.value) await world.ask('DELETE', `${id}?api-version=2022-04-01`, { as });
}

const body = { location: 'westeurope' };

test('an inner request does what the same request at the socket does', async () => {
  const { owner } = world.home;
  const made = await dispatch(owner, { method: 'PUT', url: group('inner'), body });
  assert.equal(made.status, 201);
  const seen = await world.ask('GET', group('inner'), { as: owner });
  assert.deepEqual(seen.body, JSON.parse(JSON.stringify(made.body)));
});

test('an inner request may no more than its caller, and what was taken away a moment ago is gone', async () => {
  const app = await world.application(world.home, 'deployer');
  const refused = (code: string) => (error: unknown) => {
    assert.ok(error instanceof DomainError);
    assert.equal(error.code, code);
    return true;
  };
  const request = { method: 'PUT', url: group('other'), body } as const;
  await assert.rejects(dispatch(app, request), refused('AuthorizationFailed'));
  await world.assign(world.home, app, 'Contributor', `/subscriptions/${world.home.subscriptionId}`);
  assert.equal((await dispatch(app, request)).status, 201);
  await takeRightsFrom(app);
  await assert.rejects(dispatch(app, request), refused('AuthorizationFailed'));
  await assert.rejects(dispatch(world.foreign.owner, request), refused('InvalidAuthenticationTokenTenant'));
});

test('an inner request is held to api-versions, preconditions and the shape of its body', async () => {
  const { owner } = world.home;
  const code = (expected: string) => (error: unknown) =>
    error instanceof DomainError && (error.code ?? error.kind) === expected;
  await assert.rejects(
    dispatch(owner, { method: 'PUT', url: group('x').replace('2021-04-01', '1999-01-01'), body }),
    code('InvalidApiVersionParameter'),
  );
  await assert.rejects(
    dispatch(owner, { method: 'PUT', url: group('x').replace(/\?.*/, ''), body }),
    code('MissingApiVersionParameter'),
  );
  await assert.rejects(
    dispatch(owner, { method: 'PUT', url: group('x'), body: { location: 7 } }),
    code('InvalidRequestContent'),
  );
  await assert.rejects(dispatch(owner, { method: 'PUT', url: group('x') }), code('InvalidRequestContent'));
  const polluting = JSON.parse('{"location":"westeurope","tags":{"__proto__":"x"}}');
  await assert.rejects(
    dispatch(owner, { method: 'PUT', url: group('x'), body: polluting }),
    code('malformed'),
  );
  const large = { location: 'westeurope', tags: { a: 'x'.repeat(1024 * 1024) } };
  await assert.rejects(dispatch(owner, { method: 'PUT', url: group('x'), body: large }), code('too-large'));
});
