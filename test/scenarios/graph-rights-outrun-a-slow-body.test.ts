import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import {
  deleteAppRoleAssignment,
  selectAssignmentsOf,
} from '../../src/server/directory/app-role-assignments.ts';
import { testGraph } from '../support/graph.ts';
import { testTokenService } from '../support/token-service.ts';

test('a permission of Graph that ends while the body of a request is still arriving lets nothing be written (V5)', async () => {
  await using service = await testTokenService();
  const tenantId = await service.tenant('slow.example');
  await using graph = await testGraph(service, tenantId);
  const client = await graph.withPermissions('Group.ReadWrite.All');
  const body = JSON.stringify({
    displayName: 'late',
    mailEnabled: false,
    mailNickname: 'late',
    securityEnabled: true,
  });
  const request = http.request(`${graph.origin}/v1.0/groups`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await graph.tokenFor(client)}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.write(body.slice(0, 1));
  // whatever is asked on another connection now comes behind these headers
  await once(request, 'socket');
  if (request.socket?.connecting) await once(request.socket, 'connect');
  assert.equal((await graph.call('GET', '/v1.0/groups', { as: client })).status, 200);
  const [held] = await selectAssignmentsOf(service.database.read, tenantId, client.principalId);
  assert.ok(held);
  await service.database.transaction((transaction) =>
    deleteAppRoleAssignment(transaction, {
      tenantId,
      assignmentId: held.assignmentId,
      of: { principalId: client.principalId },
      at: service.clock.now(),
    }),
  );
  request.end(body.slice(1));
  const [response] = await answered;
  response.resume();
  assert.equal(response.statusCode, 403);
  const groups = await graph.call('GET', '/v1.0/groups/$count');
  assert.equal(groups.body, '0');
});
