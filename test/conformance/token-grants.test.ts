import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { grants } from '../../src/server/tokens/grants/registry.ts';
import { testTokenService } from '../support/token-service.ts';

// only what they declare is read here
const registered = grants({} as Parameters<typeof grants>[0]);

test('every grant type is registered once', () => {
  const names = registered.flatMap((grant) => grant.grantTypes);
  assert.equal(new Set(names).size, names.length);
});

for (const grant of registered) {
  describe(`the grant ${grant.grantTypes[0]}`, () => {
    test('runs for nobody that has not proven itself, at either endpoint', async () => {
      await using service = await testTokenService();
      const tenantId = await service.tenant();
      const app = await service.application(tenantId);
      for (const path of ['oauth2/token', 'oauth2/v2.0/token']) {
        const anonymous = await service.post(`/${tenantId}/${path}`, {
          grant_type: grant.grantTypes[0],
          client_id: app.clientId,
        });
        assert.deepEqual([anonymous.status, anonymous.body['error']], [401, 'invalid_client']);
        const wrong = await service.post(`/${tenantId}/${path}`, {
          grant_type: grant.grantTypes[0],
          client_id: app.clientId,
          client_secret: 'guess',
        });
        assert.deepEqual(wrong.body['error_codes'], [7000215]);
      }
    });

    test('names the parameter that is missing', async () => {
      await using service = await testTokenService();
      const tenantId = await service.tenant();
      const app = await service.application(tenantId);
      for (const path of ['oauth2/token', 'oauth2/v2.0/token']) {
        const reply = await service.post(`/${tenantId}/${path}`, {
          grant_type: grant.grantTypes[0],
          client_id: app.clientId,
          client_secret: app.secret,
        });
        assert.deepEqual(reply.body['error_codes'], [900144]);
      }
    });
  });
}
