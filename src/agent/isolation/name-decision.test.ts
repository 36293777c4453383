import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { azureProfile, ownProfile } from '../../contract/cloud-profile.ts';
import { decideName, isOwnMachine } from './name-decision.ts';

describe('what becomes of a name', () => {
  test("a name of the profile is served, one in Azure's domains beside it refused, the rest is elsewhere", () => {
    const kinds = Object.entries({
      'login.microsoftonline.com': 'served',
      'LOGIN.MICROSOFTONLINE.COM.': 'served',
      'kv1.vault.azure.net': 'served',
      'agents.innate.internal': 'served',
      'mtlsauth.microsoft.com': 'served',
      'control-westeurope.identity.azure.net': 'served',
      'x.identity.azure.net': 'refused',
      'westeurope.mtlsauth.microsoft.com': 'served',
      'a.b.mtlsauth.microsoft.com': 'refused',
      'mtlstb.graph.microsoft.com': 'served',
      'mtlstb.management.azure.com': 'served',
      'kv1.mtlstb.vault.azure.net': 'served',
      'mtlstb.vault.azure.net': 'served',
      'x.y.mtlstb.vault.azure.net': 'refused',
      'mtlstb.login.microsoftonline.com': 'refused',
      'vault.azure.net': 'refused',
      'x.blob.core.windows.net': 'refused',
      'evil.login.microsoftonline.com': 'refused',
      'login.microsoftonline.com.example.org': 'elsewhere',
      'notazure.com': 'elsewhere',
      'packages.example': 'elsewhere',
      '10.1.2.3': 'elsewhere',
      localhost: 'refused',
      '127.1.2.3': 'refused',
      '169.254.169.254': 'refused',
      '': 'refused',
      'a..b': 'refused',
      'a b': 'refused',
      'a\nb': 'refused',
    });
    for (const [name, kind] of kinds) assert.equal(decideName(azureProfile, name).kind, kind, name);
  });

  test('a profile of its own serves its own names, and still keeps programs from Azure', () => {
    const profile = ownProfile('id.example.org');
    assert.equal(decideName(profile, 'kv1.vault.id.example.org').kind, 'served');
    assert.equal(decideName(profile, 'mtlsauth.id.example.org').kind, 'served');
    assert.equal(decideName(profile, 'kv1.mtlstb.vault.id.example.org').kind, 'served');
    assert.equal(decideName(profile, 'login.microsoftonline.com').kind, 'discovery');
    assert.equal(decideName(profile, 'Login.MicrosoftOnline.com.').kind, 'discovery');
    for (const name of [
      'login.windows.net',
      'sts.windows.net',
      'kv1.vault.azure.net',
      'x.login.microsoftonline.com',
    ]) {
      assert.equal(decideName(profile, name).kind, 'refused', name);
    }
    assert.equal(decideName(profile, 'www.example.org').kind, 'elsewhere');
  });

  test('an address of this machine is known in each of its spellings', () => {
    for (const address of [
      '127.0.0.1',
      '0.0.0.0',
      '169.254.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '168.63.129.16',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::7f00:1',
      'fe80::1',
      'FE90::1',
      'ff02::1',
      'fd00:ec2::254',
    ])
      assert.ok(isOwnMachine(address), address);
    for (const address of ['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd12::1']) {
      assert.ok(!isOwnMachine(address), address);
    }
  });
});
