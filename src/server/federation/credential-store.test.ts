import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import type { SentFederatedCredential } from '../../contract/federated-credential.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import { readCredential } from './credential-rules.ts';
import {
  createFederatedCredential,
  deleteFederatedCredential,
  putFederatedCredential,
  selectFederatedCredential,
  selectFederatedCredentials,
} from './credential-store.ts';
import { FederatedCredentials } from './federated-credentials.ts';

const parent = {
  tenantId: guid<TenantId>(systemRandomness.uuid()),
  clientId: guid<ClientId>(systemRandomness.uuid()),
};
const sent = {
  issuer: 'https://issuer.example',
  subject: 'system:serviceaccount:ns:app',
  audiences: ['api://AzureADTokenExchange'],
};

function put(database: Database, name: string, changes: SentFederatedCredential = {}) {
  const facts = readCredential({ ...sent, ...changes });
  return database.transaction((transaction) =>
    putFederatedCredential(transaction, { ...parent, name, facts, at: 1 }, systemRandomness),
  );
}

describe('federated credentials', () => {
  test('one is made, replaced under its name, and removed; a follower sees each at once (V8)', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const cached = new FederatedCredentials(database, follower);
    assert.deepEqual(await cached.of(parent), []);

    const { credential, created } = await put(database, 'Main', { description: 'of the cluster' });
    assert.equal(created, true);
    assert.deepEqual(await cached.of(parent), [credential]);
    assert.equal(credential.description, 'of the cluster');

    const replaced = await put(database, 'main', { subject: 'another' });
    assert.equal(replaced.created, false);
    assert.equal(replaced.credential.credentialId, credential.credentialId);
    assert.equal(replaced.credential.name, 'Main');
    assert.deepEqual(await cached.of(parent), [replaced.credential]);

    const found = await selectFederatedCredential(database.read, parent, credential.credentialId);
    assert.deepEqual(found, replaced.credential);
    const removed = await database.transaction((transaction) =>
      deleteFederatedCredential(transaction, { ...parent, at: 2 }, 'MAIN'),
    );
    assert.deepEqual(removed, replaced.credential);
    assert.deepEqual(await cached.of(parent), []);
    const again = await database.transaction((transaction) =>
      deleteFederatedCredential(transaction, { ...parent, at: 2 }, 'MAIN'),
    );
    assert.equal(again, undefined);
  });

  test('a client has twenty, each for another subject or issuer, and a name is taken once', async () => {
    await using database = await testDatabase();
    for (let at = 0; at < 20; at += 1) await put(database, `name-${at}`, { subject: `subject-${at}` });
    await assert.rejects(put(database, 'name-20', { subject: 'subject-20' }), { rule: 'too-many' });
    await put(database, 'name-1', { subject: 'subject-one' });
    await assert.rejects(put(database, 'name-1', { subject: 'subject-2' }), { rule: 'duplicate' });
    await assert.rejects(put(database, 'no', {}), { rule: 'name' });
    assert.equal((await selectFederatedCredentials(database.read, parent)).length, 20);
    const facts = readCredential(sent);
    await assert.rejects(
      database.transaction((transaction) =>
        createFederatedCredential(transaction, { ...parent, name: 'NAME-3', facts, at: 1 }, systemRandomness),
      ),
      { rule: 'name-taken' },
    );
    const other = { ...parent, clientId: guid<ClientId>(systemRandomness.uuid()) };
    assert.deepEqual(await selectFederatedCredentials(database.read, other), []);
  });

  test('an expression and pinned keys come back as they were sent', async () => {
    await using database = await testDatabase();
    const value = "claims['sub'] matches 'group_id:1:*'";
    const key = {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      kid: 'one',
    };
    const { credential } = await put(database, 'expression', {
      subject: null,
      claimsMatchingExpression: { value, languageVersion: 1 },
      innateTrust: { keys: [key] },
    });
    assert.equal(credential.subject.kind === 'expression' && credential.subject.value, value);
    assert.deepEqual(credential.trust, { keys: [key] });
    assert.equal(credential.pinned?.get('one')?.algorithm, 'ES256');
    await assert.rejects(
      put(database, 'again', { subject: '', claimsMatchingExpression: { value, languageVersion: 1 } }),
      { rule: 'duplicate' },
    );
  });

  const refused: readonly (readonly [string, string, SentFederatedCredential])[] = [
    ['no issuer', 'empty', { issuer: '' }],
    ['no subject', 'empty', { subject: null }],
    ['white space around the issuer', 'issuer', { issuer: ' https://issuer.example' }],
    ['white space behind the issuer', 'issuer', { issuer: 'https://issuer.example\n' }],
    ['white space in the issuer', 'issuer', { issuer: 'https://issuer.example/a b' }],
    ['an issuer without TLS', 'issuer', { issuer: 'http://issuer.example' }],
    ['an issuer that is no URL', 'issuer', { issuer: 'issuer.example' }],
    ['an issuer with a query', 'issuer', { issuer: 'https://issuer.example?a=b' }],
    ['an issuer with a user', 'issuer', { issuer: 'https://a@issuer.example' }],
    ['an issuer in letters that look like others', 'issuer', { issuer: 'https://іssuer.example' }],
    ['a long issuer', 'issuer', { issuer: `https://issuer.example/${'a'.repeat(600)}` }],
    ['a long subject', 'subject', { subject: 'a'.repeat(601) }],
    ['a subject with a control character', 'subject', { subject: 'a\0b' }],
    ['half a character', 'subject', { subject: '\ud800' }],
    ['no audience', 'audience-count', { audiences: [] }],
    ['two audiences', 'audience-count', { audiences: ['a', 'b'] }],
    ['an empty audience', 'audience', { audiences: [''] }],
    ['a long audience', 'audience', { audiences: ['a'.repeat(601)] }],
    ['a long description', 'description', { description: 'a'.repeat(601) }],
    [
      'subject and expression',
      'expression',
      { claimsMatchingExpression: { value: "claims['sub'] eq 'a'", languageVersion: 1 } },
    ],
    [
      'another language',
      'expression',
      { subject: null, claimsMatchingExpression: { value: "claims['sub'] eq 'a'", languageVersion: 2 } },
    ],
    ['pinned keys that are none', 'trust', { innateTrust: { keys: [{ kty: 'oct' }] } }],
    ['authorities that are none', 'trust', { innateTrust: { certificateAuthorities: 'PEM' } }],
    ['two kinds of trust', 'trust', { innateTrust: { keys: [], certificateAuthorities: 'PEM' } }],
  ];
  for (const [what, rule, changes] of refused) {
    test(`${what}: refused`, () => {
      assert.throws(() => readCredential({ ...sent, ...changes }), { rule });
    });
  }
});
