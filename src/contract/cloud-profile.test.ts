import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  asksForCertificate,
  azureProfile,
  certificateLoginName,
  certificateNames,
  identityHost,
  ownProfile,
  surfaceOf,
} from './cloud-profile.ts';

describe('the names of a deployment', () => {
  const own = ownProfile('id.example.org');

  test('show certificates where MSAL looks: `mtlsauth.` in the place of `login.`, in Azure its own name', () => {
    assert.equal(certificateLoginName(own), own.login.replace('login.', 'mtlsauth.'));
    assert.equal(certificateLoginName(azureProfile), 'mtlsauth.microsoft.com');
    for (const [profile, name] of [
      [own, 'MTLSAUTH.id.example.org:8443'],
      [azureProfile, 'mtlsauth.microsoft.com'],
      [azureProfile, 'westeurope.mtlsauth.microsoft.com'],
    ] as const) {
      assert.deepEqual(surfaceOf(profile, name), { kind: 'certificate-login' });
    }
  });

  test('name each target twice: with connections that ask for a certificate, and without', () => {
    for (const profile of [own, azureProfile]) {
      for (const [name, surface] of [
        [profile.management, { kind: 'management' }],
        [profile.graph, { kind: 'graph' }],
      ] as const) {
        assert.deepEqual(surfaceOf(profile, name), surface);
        assert.deepEqual(surfaceOf(profile, `mtlstb.${name}`), surface);
        assert.equal(asksForCertificate(profile, name), false);
        assert.equal(asksForCertificate(profile, `mtlstb.${name}`), true);
      }
      const vault = { kind: 'vault', vaultName: 'demo-kv' };
      assert.deepEqual(surfaceOf(profile, `demo-kv.${profile.vaultSuffix}`), vault);
      assert.deepEqual(surfaceOf(profile, `demo-kv.mtlstb.${profile.vaultSuffix}`), vault);
      assert.equal(asksForCertificate(profile, `demo-kv.${profile.vaultSuffix}`), false);
      assert.equal(asksForCertificate(profile, `demo-kv.mtlstb.${profile.vaultSuffix}`), true);
      for (const name of [profile.login, profile.agents]) {
        assert.equal(asksForCertificate(profile, name), false);
        assert.equal(surfaceOf(profile, `mtlstb.${name}`), undefined);
      }
    }
  });

  test('ask for a certificate where resource providers get credentials, by location', () => {
    assert.equal(identityHost(azureProfile, 'West Europe'), 'control-westeurope.identity.azure.net');
    assert.equal(identityHost(own, ''), 'control-global.identity.id.example.org');
    for (const profile of [own, azureProfile]) {
      const host = identityHost(profile, 'westus2');
      assert.deepEqual(surfaceOf(profile, `${host.toUpperCase()}:8443`), {
        kind: 'identity',
        location: 'westus2',
      });
      assert.equal(asksForCertificate(profile, host), true);
    }
  });

  test('that are close to one of them are none', () => {
    for (const name of [
      'a.b.mtlsauth.microsoft.com',
      'we_st.mtlsauth.microsoft.com',
      '.mtlsauth.microsoft.com',
      'xmtlsauth.microsoft.com',
      'mtlsauth.microsoft.com.example.org',
      'mtlstb.mtlstb.graph.microsoft.com',
      'a.b.mtlstb.vault.azure.net',
      '.mtlstb.vault.azure.net',
      'identity.azure.net',
      'westeurope.identity.azure.net',
      'control-.identity.azure.net',
      'control-a.b.identity.azure.net',
      'control-a-b.identity.azure.net',
      'control-westeurope.identity.azure.net.example.org',
      'mtlstb.control-westeurope.identity.azure.net',
    ]) {
      assert.equal(surfaceOf(azureProfile, name), undefined, name);
    }
  });

  test('all stand in the certificate, by themselves or by a wildcard', () => {
    for (const profile of [own, azureProfile]) {
      const names = certificateNames(profile);
      const covered = (name: string) => names.includes(name) || names.includes(name.replace(/^[^.]+/, '*'));
      for (const name of [
        profile.login,
        `mtlstb.${profile.graph}`,
        `mtlstb.${profile.management}`,
        `demo-kv.mtlstb.${profile.vaultSuffix}`,
        certificateLoginName(profile),
        `westeurope.${certificateLoginName(profile)}`,
        identityHost(profile, 'westeurope'),
      ]) {
        assert.ok(covered(name), name);
      }
    }
  });
});
