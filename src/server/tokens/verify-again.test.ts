import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testTokenService } from '../../../test/support/token-service.ts';
import { deletePrincipal, revokeTokens, setPrincipalEnabled } from '../directory/directory-store.ts';
import type { Database } from '../storage/database.ts';

test('a caller stands behind long work past the lifetime of the token, and not past its revocation', async () => {
  await using service = await testTokenService();
  const app = await service.application(await service.tenant());
  const { tenantId, principalId } = app;
  const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    client_id: app.clientId,
    client_secret: app.secret,
    scope: 'https://vault.azure.net/.default',
  });
  const caller = await service.verifier.verify(String(reply.body['access_token']), [
    'https://vault.azure.net',
  ]);
  const kept = JSON.parse(JSON.stringify(caller));
  assert.deepEqual(await service.verifier.resume(kept), caller);
  service.clock.advance(30 * 60 * 60 * 1000);
  assert.deepEqual(await service.verifier.resume(kept), caller);

  const ended = async () => {
    await assert.rejects(service.verifier.resume(kept), { name: 'DomainError', reason: 'revoked' });
  };
  const at = service.clock.now();
  const change = async (work: Parameters<Database['transaction']>[0]) => {
    await service.database.transaction(work);
  };
  await change((tx) => setPrincipalEnabled(tx, { tenantId, principalId, enabled: false, at }));
  await ended();
  await change((tx) => setPrincipalEnabled(tx, { tenantId, principalId, enabled: true, at }));
  await service.verifier.resume(kept);
  await change((tx) => revokeTokens(tx, { tenantId, principalId, at }));
  await ended();
  await change((tx) => deletePrincipal(tx, { tenantId, principalId, at }));
  await ended();
});
