import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { FederatedCredential } from './federated-credential.ts';
import { Issuers } from './issuers.ts';
import { readPinnedKeys } from './key-set.ts';

const issuer = 'https://issuer.example/cluster/';
const minute = 60_000;
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (kid: string) => ({ ...publicKey.export({ format: 'jwk' }), kid });

function credential(changes: Partial<FederatedCredential> = {}): FederatedCredential {
  return {
    credentialId: 'c',
    tenantId: guid<TenantId>('11111111-1111-4111-8111-111111111111'),
    clientId: guid<ClientId>('22222222-2222-4222-8222-222222222222'),
    name: 'main',
    issuer,
    subject: { kind: 'exact', subject: 's' },
    audience: 'a',
    description: undefined,
    trust: {},
    pinned: undefined,
    createdAt: 0,
    ...changes,
  };
}

/** An issuer that can be down, slow, and change its mind. */
function world() {
  const clock = new TestClock();
  const state = {
    kids: ['one'],
    down: false,
    configuration: { issuer, jwks_uri: 'https://keys.example/jwks' } as Record<string, unknown>,
    asked: [] as string[],
    pause: Promise.resolve(),
  };
  const issuers = new Issuers(
    {
      async fetchJson(url, options = {}) {
        state.asked.push(options.ca === undefined ? url : `${url} by ${options.ca}`);
        await state.pause;
        if (state.down) throw new OutboundError('connection', 'down');
        return url.endsWith('openid-configuration') ? state.configuration : { keys: state.kids.map(jwk) };
      },
    },
    clock,
  );
  return { clock, state, issuers, find: (kid: string, of = credential()) => issuers.key(of, kid) };
}

describe('keys of other issuers (T13)', () => {
  test('are found by discovery from the issuer the credential names, once', async () => {
    const { state, find } = world();
    assert.equal((await find('one'))?.kid, 'one');
    assert.equal((await find('one'))?.kid, 'one');
    assert.deepEqual(state.asked, [
      'https://issuer.example/cluster/.well-known/openid-configuration',
      'https://keys.example/jwks',
    ]);
  });

  test('ten thousand tokens with ids made up cost one fetch in five minutes', async () => {
    const { clock, state, find } = world();
    await find('one');
    for (let at = 0; at < 10_000; at += 1) assert.equal(await find(`random-${at}`), undefined);
    assert.equal(state.asked.length, 2);
    clock.advance(5 * minute);
    await Promise.all(Array.from({ length: 100 }, (_, at) => find(`other-${at}`)));
    for (let at = 0; at < 100; at += 1) await find(`more-${at}`);
    assert.equal(state.asked.length, 4);
  });

  test('those who ask at once wait for one fetch', async () => {
    const { state, find } = world();
    const found = await Promise.all(Array.from({ length: 50 }, () => find('one')));
    assert.ok(found.every((key) => key?.kid === 'one'));
    assert.equal(state.asked.length, 2);
  });

  test('a key that appears is found after five minutes at most, and one that is taken away ends within the hour', async () => {
    const { clock, state, find } = world();
    await find('one');
    state.kids = ['two'];
    clock.advance(5 * minute - 1);
    assert.equal(await find('two'), undefined);
    assert.ok(await find('one'));
    clock.advance(1);
    assert.ok(await find('two'));
    assert.equal(await find('one'), undefined);
    state.kids = ['three'];
    clock.advance(60 * minute);
    assert.equal(await find('two'), undefined);
  });

  test('an issuer that is down stops nobody for a day, and is asked no more than every five minutes', async () => {
    const { clock, state, find } = world();
    await find('one');
    state.down = true;
    for (let hour = 0; hour < 23; hour += 1) {
      clock.advance(60 * minute);
      assert.ok(await find('one'));
      assert.ok(await find('one'));
    }
    assert.equal(state.asked.length, 2 + 23);
    clock.advance(60 * minute);
    await assert.rejects(find('one'), { name: 'IssuerError' });
    state.down = false;
    clock.advance(5 * minute);
    assert.ok(await find('one'));
  });

  test('one that was never reached is tried again after half a minute, not with each token', async () => {
    const { clock, state, find } = world();
    state.down = true;
    for (let at = 0; at < 100; at += 1) await assert.rejects(find('one'), { name: 'IssuerError' });
    assert.equal(state.asked.length, 1);
    state.down = false;
    clock.advance(minute / 2);
    assert.ok(await find('one'));
  });

  test('a configuration that names another issuer, or has empty members, is none', async () => {
    const bad: readonly Record<string, unknown>[] = [
      { issuer: issuer.slice(0, -1) },
      { issuer: 'https://another.example' },
      { issuer: [issuer] },
      { issuer: undefined },
      { jwks_uri: undefined },
      { jwks_uri: '' },
      { authorization_endpoint: '' },
      { subject_types_supported: [] },
      { id_token_signing_alg_values_supported: 'RS256' },
    ];
    for (const changes of bad) {
      const { state, find } = world();
      Object.assign(state.configuration, changes);
      await assert.rejects(find('one'), { name: 'IssuerError' }, JSON.stringify(changes));
    }
    const { state, find } = world();
    state.kids = ['one', 'one'];
    await assert.rejects(find('one'), { name: 'IssuerError' });
  });

  test('what one credential trusts an issuer by says nothing to another', async () => {
    const { state, find } = world();
    await find('one', credential({ trust: { certificateAuthorities: 'A' } }));
    await find('one', credential({ trust: { certificateAuthorities: 'B' } }));
    await find('one');
    assert.equal(state.asked.length, 6);
    assert.equal(state.asked[1], 'https://keys.example/jwks by A');
  });

  test('pinned keys are all there is, and nobody is asked', async () => {
    const { state, find } = world();
    const pinned = readPinnedKeys({ keys: [jwk('pinned')] });
    assert.ok(await find('pinned', credential({ pinned })));
    assert.equal(await find('one', credential({ pinned })), undefined);
    assert.deepEqual(state.asked, []);
  });
});
