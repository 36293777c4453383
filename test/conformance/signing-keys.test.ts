import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { TokenRejected } from '../../src/server/http/bearer.ts';
import { InstanceAuthorities } from '../../src/server/managed-identities/instance-authority.ts';
import { keyPlace } from '../../src/server/tokens/signing-keys.ts';
import { makeClientKey, type TestTokenService, testTokenService } from '../support/token-service.ts';

const audience = 'https://vault.azure.net';

/** A private key as its row holds it, which only this test may open. */
interface Stolen {
  readonly what: string;
  readonly tenantId: TenantId;
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly privateKey: KeyObject;
  /** Whether tokens that the key signed are accepted from its own tenant. */
  readonly counts: boolean;
}

/** T1: keys are found by issuer and kid together, and only keys of one purpose sign tokens. */
describe('T1: of every signing key, for every issuer', () => {
  let service: TestTokenService;
  let stolen: readonly Stolen[];
  const claims = new Map<TenantId, jose.JWTPayload>();

  before(async () => {
    service = await testTokenService();
    const tenants = [await service.tenant(), await service.tenant()];
    const all: Stolen[] = [];
    for (const tenantId of tenants) all.push(...(await keysOf(tenantId)));
    stolen = all;
  });
  after(() => service[Symbol.asyncDispose]());

  async function open(tenantId: TenantId): Promise<ReadonlyMap<string, KeyObject>> {
    const rows = await service.database.read
      .selectFrom('signing_keys')
      .select(['kid', 'private_key_sealed'])
      .where('tenant_id', '=', tenantId)
      .execute();
    const opened = new Map<string, KeyObject>();
    for (const row of rows) {
      if (row.private_key_sealed.length === 1) continue;
      const der = await service.sealer.open(keyPlace(tenantId, row.kid), row.private_key_sealed);
      opened.set(row.kid, createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
    }
    return opened;
  }

  /** A tenant with keys of every purpose, algorithm and state. */
  async function keysOf(tenantId: TenantId): Promise<readonly Stolen[]> {
    const { keeper, database, sealer, clock } = service;
    const app = await service.application(tenantId);
    const form = { grant_type: 'client_credentials', client_id: app.clientId, client_secret: app.secret };
    const reply = await service.post(`/${tenantId}/oauth2/token`, { ...form, resource: audience });
    claims.set(tenantId, jose.decodeJwt(String(reply.body['access_token'])));

    await keeper.begin({ tenantId, alg: 'ES256' });
    const opened = new Map(await open(tenantId));
    const remember = async () => {
      for (const [kid, key] of await open(tenantId)) opened.set(kid, key);
    };
    await keeper.rotate(tenantId);
    await remember();
    for (const kid of [...((await service.keys.of(tenantId))?.published ?? [])]
      .filter(({ state }) => state === 'active')
      .map((key) => key.kid)) {
      await keeper.revoke(tenantId, kid);
    }
    await remember();
    const authorities = new InstanceAuthorities({ sealer, randomness: systemRandomness });
    const { publicKey } = await makeClientKey();
    await database.transaction((transaction) =>
      authorities.certify(
        transaction,
        {
          tenantId,
          holder: `machines/${systemRandomness.uuid()}`,
          principalId: app.principalId,
          clientId: app.clientId,
          resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v',
        },
        publicKey,
        clock.now(),
      ),
    );
    await remember();
    const rows = await database.read
      .selectFrom('signing_keys')
      .select(['kid', 'alg', 'state', 'purpose'])
      .where('tenant_id', '=', tenantId)
      .execute();
    return rows.map((row) => {
      const privateKey = opened.get(row.kid);
      assert.ok(privateKey, `${row.purpose} ${row.alg} ${row.state}`);
      return {
        what: `${row.purpose}, ${row.alg}, ${row.state}`,
        tenantId,
        kid: row.kid,
        alg: row.alg as Stolen['alg'],
        privateKey,
        counts: row.purpose === 'access-token' && row.state !== 'revoked',
      };
    });
  }

  async function outcome(key: Stolen, issuer: TenantId, header: object = {}): Promise<string> {
    const token = await new jose.CompactSign(Buffer.from(JSON.stringify(claims.get(issuer))))
      .setProtectedHeader({ typ: 'JWT', alg: key.alg, x5t: key.kid, kid: key.kid, ...header })
      .sign(key.privateKey);
    try {
      await service.verifier.verify(token, [audience]);
      return 'accepted';
    } catch (error) {
      if (error instanceof TokenRejected) return error.reason;
      throw error;
    }
  }

  test('only those of its own tenant, for access tokens, and not revoked, are accepted', async () => {
    const kinds = new Set(stolen.map(({ what }) => what));
    assert.equal(kinds.size, 9, [...kinds].join('; '));
    for (const key of stolen) {
      for (const issuer of claims.keys()) {
        const expected = key.counts && issuer === key.tenantId ? 'accepted' : 'signature';
        assert.equal(await outcome(key, issuer), expected, `${key.what}, ${issuer === key.tenantId}`);
      }
    }
  });

  test('no key signs under the name of another, of the same tenant or not', async () => {
    const named = stolen.filter(({ counts }) => counts);
    for (const key of stolen) {
      for (const other of named) {
        if (other.kid === key.kid) continue;
        const header = { kid: other.kid, x5t: other.kid };
        assert.equal(await outcome(key, other.tenantId, header), 'signature', `${key.what} as ${other.what}`);
      }
    }
  });

  test('the key set shows the public half, once under each id, of what counts and of nothing else', async () => {
    for (const tenantId of claims.keys()) {
      const { keys } = await service.keySet(tenantId);
      const expected = stolen.filter((key) => key.tenantId === tenantId && key.counts);
      assert.deepEqual(keys.map(({ kid }) => kid).toSorted(), expected.map(({ kid }) => kid).toSorted());
      for (const key of keys) {
        assert.ok(!('d' in key) && !('p' in key) && !('alg' in key));
        const usages: webcrypto.KeyUsage[] = ['sign'];
        const algorithm =
          key.kty === 'EC'
            ? { name: 'ECDSA', namedCurve: 'P-256' }
            : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
        await assert.rejects(webcrypto.subtle.importKey('jwk', key, algorithm, false, usages), 'T17');
      }
    }
  });
});
