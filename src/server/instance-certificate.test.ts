import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceDiscoveryName } from '../contract/cloud-profile.ts';
import { systemClock } from '../foundation/clock.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { makeNamedCertificate, readNamedCertificate } from './instance-certificate.ts';

const sources = { clock: systemClock, randomness: systemRandomness };

test('a kept certificate is taken up again only for its name, with its own key and years left', async () => {
  const made = await makeNamedCertificate(instanceDiscoveryName, sources);
  const other = await makeNamedCertificate('other.example', sources);
  const text = `${made.privateKey}${made.certificate}\n`;
  assert.deepEqual(readNamedCertificate(text, instanceDiscoveryName, systemClock), {
    certificate: made.certificate,
    privateKey: made.privateKey.trim(),
  });
  const old = { ...systemClock, now: () => systemClock.now() + 3300 * 86_400_000 };
  assert.equal(readNamedCertificate(text, instanceDiscoveryName, old), undefined);
  for (const bad of ['', 'x', made.certificate, made.privateKey, `${other.privateKey}${made.certificate}`]) {
    assert.equal(readNamedCertificate(bad, instanceDiscoveryName, systemClock), undefined);
  }
  const otherText = `${other.privateKey}${other.certificate}`;
  assert.equal(readNamedCertificate(otherText, instanceDiscoveryName, systemClock), undefined);
});
