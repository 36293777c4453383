import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RefusalKind, Token } from '../../src/agent/host-protocols/host-protocol.ts';
import { hostProtocolOf, hostProtocols } from '../../src/agent/host-protocols/registry.ts';

const kinds = Object.keys({
  'malformed-target': true,
  'duplicate-parameter': true,
  'method-not-allowed': true,
  'foreign-host': true,
  forwarded: true,
  'from-browser': true,
  'malformed-header': true,
  'unexpected-body': true,
  'not-found': true,
  'not-admitted': true,
  'missing-parameter': true,
  'unsupported-version': true,
  'invalid-parameter': true,
  'several-selectors': true,
  'identity-not-found': true,
  'identity-ambiguous': true,
  'invalid-resource': true,
  throttled: true,
  unavailable: true,
  failed: true,
} satisfies Record<RefusalKind, true>) as RefusalKind[];

/** Clients wait and ask again on these, whatever the words. */
const retried = new Set([404, 408, 410]);
const passing = new Set<RefusalKind>(['throttled', 'unavailable', 'failed', 'not-found']);

const token: Token = {
  accessToken: 'a.b.c',
  clientId: '22222222-2222-4222-8222-222222222222',
  principalId: '11111111-1111-4111-8111-111111111111',
  notBefore: 1_790_000_000,
  expiresOn: 1_790_003_600,
};

const headerOf = (headers: readonly string[], name: string) => {
  const at = headers.findIndex((header, index) => index % 2 === 0 && header.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
};

for (const protocol of hostProtocols) {
  describe(`the host protocol ${protocol.name}`, () => {
    test('words every refusal as JSON that clients can read, and none that they misread', () => {
      for (const kind of kinds) {
        const { status, headers, body } = protocol.refuse({ kind, detail: 'detail', retryAfter: 3 });
        assert.ok(status >= 400 && status < 600, kind);
        assert.match(headerOf(headers, 'content-type') ?? '', /^application\/json/, kind);
        assert.equal(headerOf(headers, 'content-length'), String(body.length), kind);
        assert.doesNotThrow(() => JSON.parse(body.toString('utf8')), kind);
        assert.doesNotMatch(body.toString('utf8'), /unreachable/i, kind);
        assert.equal(/Identity not found/.test(body.toString('utf8')), kind === 'identity-not-found', kind);
        assert.ok(passing.has(kind) || !retried.has(status), `${kind} would be asked for again`);
        assert.equal(headerOf(headers, 'access-control-allow-origin'), undefined, kind);
        assert.equal(headerOf(headers, 'location'), undefined, kind);
      }
      for (const kind of ['throttled', 'unavailable'] as const) {
        assert.equal(headerOf(protocol.refuse({ kind, retryAfter: 3 }).headers, 'retry-after'), '3', kind);
      }
    });

    test('writes tokens with numbers as digits, the lifetime before the end', () => {
      const question = {
        resource: 'https://vault.azure.net',
        selector: undefined,
        refusedToken: undefined,
        understandsChallenges: false,
      };
      const { status, headers, body } = protocol.write(question, token, 1_790_000_600);
      assert.equal(status, 200);
      assert.match(headerOf(headers, 'content-type') ?? '', /^application\/json/);
      const text = body.toString('utf8');
      assert.ok(text.indexOf('"expires_in"') < text.indexOf('"expires_on"'));
      const written = JSON.parse(text) as Record<string, unknown>;
      assert.equal(written['access_token'], token.accessToken);
      assert.equal(written['expires_in'], '3000');
      assert.equal(written['expires_on'], '1790003600');
      assert.equal(written['token_type'], 'Bearer');
      assert.equal(written['resource'], 'https://vault.azure.net');
    });

    test('is found on this machine only', () => {
      assert.match(protocol.listensOn.address, /^(127\.|169\.254\.)/);
      const environment = protocol.environment('http://127.0.0.1:40123');
      assert.ok(Object.keys(environment).length > 0);
      assert.ok(Object.values(environment).some((value) => value.includes('http://127.0.0.1:40123')));
    });

    test('is open to nothing but what is known without its header', () => {
      assert.notEqual(protocol.admit(protocol.admittingHeaders.map(() => undefined)), undefined);
    });
  });
}

test('every resource type has a host protocol', () => {
  for (const type of ['Microsoft.Compute/virtualMachines', 'microsoft.web/sites', 'Nobody.Knows/this']) {
    assert.ok(hostProtocols.includes(hostProtocolOf(type)));
  }
});
