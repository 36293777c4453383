import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { domestic, follow } from '../support/demo-world.ts';
import { startInnate } from '../support/innate.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'manage-people.ts');

test("an administrator's program with the Microsoft Graph client makes people and groups, told only of a proxy and an authority", async () => {
  await using innate = await startInnate();
  const { caFile, operator, proxy, tenantId } = innate.ready;
  const child = spawn(process.execPath, [client], {
    stdio: 'pipe',
    env: {
      ...domestic(),
      HTTPS_PROXY: proxy,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: operator.clientId,
      AZURE_CLIENT_SECRET: operator.clientSecret,
    },
  });
  const { code, stdout, stderr } = await follow(child).outcome;
  assert.equal(code, 0, stderr);
  const { seen, refusals, restored } = JSON.parse(stdout);
  assert.deepEqual(seen, {
    names: ['ada', 'ben', 'cleo'],
    transitive: ['ada', 'ben', 'cleo'],
    memberOf: ['everybody', 'team'],
    checked: 1,
    found: 1,
    members: '2',
    batch: { patch: 204, read: 'Analyst', none: 404 },
  });
  assert.deepEqual(refusals, {
    taken: '400 Request_BadRequest',
    gone: '404 Request_ResourceNotFound',
    twice: '400 Request_BadRequest',
    me: '400 BadRequest',
  });
  assert.equal(restored, 'cleo');
});
