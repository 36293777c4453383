// Hears of revocations as an API of your own would: makes a stream, polls it (RFC 8936), verifies what comes, and prints
// from when on the tokens of whom are to be refused. Takes the tenant's id.
import { DefaultAzureCredential } from '@azure/identity';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [tenantId, rounds = 'Infinity'] = process.argv.slice(2);
const login = process.env.AZURE_AUTHORITY_HOST ?? 'https://login.microsoftonline.com';
const credential = new DefaultAzureCredential();

async function call(method, url, body) {
  const { token } = await credential.getToken('https://graph.microsoft.com/.default');
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : await response.json();
}

const metadata = await (await fetch(`${login}/.well-known/ssf-configuration/${tenantId}/v2.0`)).json();
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const stream = await call('POST', metadata.configuration_endpoint, {
  delivery: { method: 'urn:ietf:rfc:8936' },
});
console.log(`listening as ${stream.aud}`);

/** By object id: tokens whose iat is older (or all, where there is no time) are to be refused. */
const refusedBefore = new Map();
let ack = [];
for (let round = 0; round < Number(rounds); round += 1) {
  // waits up to twenty seconds for the next event; what is not acknowledged comes again
  const { sets } = await call('POST', stream.delivery.endpoint_url, { ack });
  for (const set of Object.values(sets)) {
    const { payload } = await jwtVerify(set, keys, {
      typ: 'secevent+jwt',
      issuer: metadata.issuer,
      audience: stream.aud,
    });
    const [[type, event]] = Object.entries(payload.events);
    const name = type.split('/').at(-1);
    const subject = payload.sub_id.sub ?? payload.sub_id.tenant?.id;
    if (name === 'session-revoked') refusedBefore.set(subject, event.event_timestamp);
    console.log(`${new Date(payload.iat * 1000).toISOString()}  ${name}  ${subject}`);
  }
  ack = Object.keys(sets);
}
await call('POST', stream.delivery.endpoint_url, { ack, maxEvents: 0 });
await fetch(`${metadata.configuration_endpoint}?stream_id=${stream.stream_id}`, {
  method: 'DELETE',
  headers: {
    authorization: `Bearer ${(await credential.getToken('https://graph.microsoft.com/.default')).token}`,
  },
});
