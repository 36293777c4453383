import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../contract/arm.ts';
import { withoutSecrets } from './secrets.ts';

const canary = 'canary';

describe('what could be a secret is not kept', () => {
  for (const name of [
    ...['adminPassword', 'ADMINPASSWORD', 'administratorLoginPassword', 'admin_password', 'runAsPwd'],
    ...['clientSecret', 'appSecret', 'secret', 'radiusServerSecret', 'passphrase', 'sharedKey', 'primaryKey'],
    ...['storageAccountKey', 'workspaceKey', 'accessKey', 'licenseKey', 'x-api-key', 'authorizationKey'],
    ...[
      'connectionString',
      'primaryConnectionString',
      'sasToken',
      'sasUri',
      'containerSasUrl',
      'accessToken',
    ],
    ...['protectedSettings', 'protectedParameters', 'customData', 'userData', 'pfxBlob', 'secureValue'],
    ...['publishingPasswordHash', 'encryptedCredential', 'privateKey', 'refreshToken', 'credential', 'keys'],
    ...['key1', 'authKey2', 'password1', 'keyValue', 'kubeConfig', 'primaryKeyValue', 'psk'],
  ]) {
    test(`under the name ${name}, at any depth`, () => {
      for (const value of [canary, [canary], { value: canary }, { a: [{ b: canary }] }, 4711]) {
        if (typeof value === 'object' && /key|token|sas/i.test(name)) continue;
        const kept = withoutSecrets({ properties: { list: [{ [name]: value, kept: true }] } });
        assert.doesNotMatch(JSON.stringify(kept), /canary|4711/, JSON.stringify(value));
        assert.match(JSON.stringify(kept), /"kept":true/);
      }
      assert.doesNotMatch(JSON.stringify(withoutSecrets({ [name]: [canary] })), /canary/);
    });
  }

  const besides: readonly JsonObject[] = [
    { name: 'DB_PASSWORD', value: canary },
    { name: 'apiKey', value: canary },
    { key: 'clientSecret', value: canary },
    { name: 'x', secret: true, value: canary },
    { isEncrypted: true, value: canary },
    { type: 'SecureString', value: canary },
    { type: 'securestring', defaultValue: canary },
    { name: 'DB', secureValue: canary },
    { password: 'x', data: canary },
    { secrets: [{ name: 'a', value: canary }] },
    { secrets: { anything: canary } },
    { appSettings: [{ name: 'a', value: canary }] },
    { connectionStrings: { a: { value: canary } } },
  ];
  for (const object of besides) {
    test(`for what stands beside it: ${JSON.stringify(object)}`, () => {
      assert.doesNotMatch(JSON.stringify(withoutSecrets({ inside: [object] })), /canary/);
    });
  }

  for (const text of [
    `-----BEGIN RSA PRIVATE KEY-----${canary}`,
    `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${canary}`,
    `Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=b;SharedAccessKey=${canary}`,
    `Server=tcp:a;User ID=b;Password=${canary};`,
    `https://a.blob.core.windows.net/c?sv=2020-01-01&sig=${canary}`,
    `Bearer ${canary}`,
    `postgres://user:${canary}@host/db`,
    `run.sh --password=${canary}`,
    `eyJhbGciOiJub25lIn0.eyJzdWIiOiJ${canary}.`,
    `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${canary}`,
    `${'-eyJ'.repeat(16_000)} ${'://'.repeat(9_000)} Password=${canary}`,
  ]) {
    test(`for its look: ${text.slice(0, 40)}`, () => {
      assert.doesNotMatch(
        JSON.stringify(withoutSecrets({ plain: text, list: [text, { plain: text }] })),
        /canary/,
      );
    });
  }

  for (const [type, properties] of [
    ['sites/functions/keys', { name: 'default', value: canary }],
    ['secrets', { kind: 'inlinedValue', value: canary }],
    ['secrets/values', { value: canary }],
    ['labs/users/secrets', { value: canary }],
    ['automationAccounts/certificates', { base64Value: canary }],
    ['managedEnvironments/certificates', { value: canary, valid: true }],
    ['staticSites/config', { ANYTHING: canary }],
    ['sites/config/appsettings', { ANYTHING: canary }],
    ['sites/config/connectionstrings', { db: { value: canary, type: 'Custom' } }],
  ] as const) {
    test(`for the type ${type}`, () => {
      assert.doesNotMatch(JSON.stringify(withoutSecrets({ kind: 'x', properties }, type)), /canary/);
    });
  }

  test('for its look, also behind a hyphen', () => {
    const text = `token -eyJhbGciOiJub25lIn0.eyJzdWIiOiJ${canary}.`;
    assert.doesNotMatch(JSON.stringify(withoutSecrets({ plain: text })), /canary/);
  });

  test('at a cost that grows as the body does', () => {
    const looksAtNames = (count: number) => {
      let looks = 0;
      const names = Array.from({ length: count }, (_, at) => `k${'.'.repeat(at)}ey`);
      const members = new Proxy(Object.fromEntries(names.map((name) => [name, 'x'])), {
        ownKeys(target) {
          looks += 1;
          return Reflect.ownKeys(target);
        },
      });
      assert.deepEqual(withoutSecrets({ inside: members }), { inside: {} });
      return looks;
    };
    assert.equal(looksAtNames(100), looksAtNames(1), 'each look goes through all names');
  });

  test('whatever it lies in', () => {
    const nest = (inner: JsonObject) =>
      fc
        .array(fc.tuple(fc.boolean(), fc.stringMatching(/^[a-z]{1,6}$/)), { maxLength: 12 })
        .map((steps) =>
          steps.reduce<JsonObject>(
            (object, [list, name]) => ({ [name]: list ? [1, object] : object, other: 'x' }),
            inner,
          ),
        );
    fc.assert(
      fc.property(
        fc
          .constantFrom('adminPassword', 'clientSecret', 'accountKey', 'sasToken')
          .chain((name) => nest({ [name]: canary })),
        (object) => {
          const kept = withoutSecrets(object);
          assert.doesNotMatch(JSON.stringify(kept), /canary/);
          assert.deepEqual(withoutSecrets(kept), kept, 'once is enough');
        },
      ),
    );
  });
});

const specifications = new URL('../../../../../shared/data/openapi/', import.meta.url);
const skip = existsSync(specifications) ? false : "Azure's specifications are not on this machine";

describe("what Azure's specifications call secret is not kept", () => {
  test('by its name alone', { skip }, () => {
    // called so there, and neither is one: an id, and what a template takes
    const exempt = new Set(['workspaceResourceId', 'parameters']);
    const names = new Set<string>();
    const collect = (value: unknown, name: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const isMember = !/^\d+$/.test(name);
      if ((value as { 'x-ms-secret'?: unknown })['x-ms-secret'] === true && isMember) names.add(name);
      for (const [inside, member] of Object.entries(value)) collect(member, inside);
    };
    for (const file of globSync('**/*.json', { cwd: specifications })) {
      if (!file.includes('examples'))
        collect(JSON.parse(readFileSync(new URL(file, specifications), 'utf8')), '');
    }
    assert.ok(names.size > 8, [...names].join());
    for (const name of names) {
      if (exempt.has(name)) continue;
      assert.doesNotMatch(JSON.stringify(withoutSecrets({ properties: { [name]: canary } })), /canary/, name);
    }
  });
});

describe('what is no secret is kept as it is', () => {
  for (const type of ['sshPublicKeys', 'databaseAccounts/cassandraKeyspaces', 'storageAccounts', 'secrets']) {
    test(`for the type ${type}`, () => {
      const members = { kind: 'x', properties: { publicKey: 'ssh-rsa AAAA', contentType: 'text' } };
      assert.deepEqual(withoutSecrets(members, type), members);
    });
  }
  test('where there are no properties', () =>
    assert.deepEqual(withoutSecrets({ sku: { name: 'S' } }, 'x'), { sku: { name: 'S' } }));

  const kept: readonly JsonObject[] = [
    { disablePasswordAuthentication: true, passwordPolicy: { minLength: 8 }, secretsEnabled: false },
    {
      secretName: 'a',
      secretUrl: 'https://kv.vault.azure.net/secrets/a',
      keyVaultSecretId: 'https://kv/secrets/a',
    },
    {
      protectedSettingsFromKeyVault: {
        secretUrl: 'https://kv.vault.azure.net/secrets/a',
        sourceVault: { id: '/subscriptions/0/x' },
      },
    },
    { secrets: [{ name: 'a', keyVaultUrl: 'https://kv.vault.azure.net/secrets/a', identity: 'system' }] },
    { ssh: { publicKeys: [{ path: '/home/a/.ssh/authorized_keys', keyData: 'ssh-rsa AAAA' }] } },
    { partitionKey: { paths: ['/id'] }, publicKey: 'ssh-rsa AAAA', keyVaultProperties: { keyName: 'k' } },
    { keyUri: 'https://kv.vault.azure.net/keys/a', keyEncryptionKey: 'https://kv.vault.azure.net/keys/a' },
    {
      labels: [{ key: 'env', value: 'test' }],
      accessKeyId: 'AKIA',
      tokenEndpoint: 'https://a.example/token',
    },
    {
      minimumTlsVersion: 'TLS1_2',
      networkAcls: { bypass: 'AzureServices', ipRules: [] },
      zero: 0,
      nothing: null,
    },
    { type: 'Microsoft.Example/things', name: 'x', value: 'y' },
    { toString: 'a', hasOwnProperty: 'b', valueOf: 1 },
  ];
  for (const object of kept) {
    test(JSON.stringify(object).slice(0, 70), () => assert.deepEqual(withoutSecrets(object), object));
  }
});
