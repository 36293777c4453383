import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { builtInRoles } from '../../src/server/authorization/built-in-roles.ts';
import { demoWorld } from '../support/demo-world.ts';

const example = path.resolve(
  import.meta.dirname,
  '../../examples/hear-of-revocations/hear-of-revocations.mjs',
);

test('a program on a machine hears of revocations, with a role for just that', async () => {
  await using world = await demoWorld();
  const { operator, innate, vm1, vm2 } = world;
  const listen = () =>
    world.start([
      ...['run', 'vm1', '--mode', 'environment', '--', process.execPath, example],
      ...[innate.ready.tenantId, '1'],
    ]);
  const refused = await listen().outcome;
  assert.match(refused.stderr, /403 .*Innate\.SharedSignals\/streams\/write/);

  const role = builtInRoles.find(({ name }) => name === 'Innate Security Event Receiver');
  await operator.assign('', role?.id ?? '', vm1.principalId);
  const started = listen();
  await started.says('listening as');
  await operator.arm('POST', '/providers/Innate.Tokens/revokeTokens?api-version=2026-11-01', {
    principalId: vm2.principalId,
  });
  const { code, stdout, stderr } = await started.outcome;
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`session-revoked +${vm2.principalId}`));
});
