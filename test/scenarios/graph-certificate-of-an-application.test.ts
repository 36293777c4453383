import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestWithCertificate } from '../support/certificate-request.ts';
import { testDeployment } from '../support/deployment.ts';
import { makeClientKey } from '../support/token-service.ts';

test('an application that registers a certificate through Graph signs in with it at once, reads Graph with a bound token, and is refused once it is taken away', async () => {
  await using deployment = await testDeployment();
  const { server, connect } = deployment;
  const { operator } = server;
  const key = await makeClientKey('ec');
  const as = { privateKey: key.privateKey, certificate: key.certificate.toString() };
  const tokenPath = `/${operator.tenantId}/oauth2/v2.0/token`;
  const client = {
    grant_type: 'client_credentials',
    client_id: operator.clientId,
    scope: 'https://graph.microsoft.com/.default',
  };
  const first = await requestWithCertificate(connect, `https://login.microsoftonline.com${tokenPath}`, {
    form: { ...client, client_secret: operator.clientSecret },
  });
  const bearer = {
    authorization: `Bearer ${first.body['access_token']}`,
    'content-type': 'application/json',
  };
  const own = `https://graph.microsoft.com/v1.0/applications(appId='${operator.clientId}')`;
  const register = async (keyCredentials: readonly object[]) => {
    const body = JSON.stringify({ keyCredentials });
    const reply = await requestWithCertificate(connect, own, { method: 'PATCH', headers: bearer, body });
    assert.equal(reply.status, 204, JSON.stringify(reply.body));
  };
  const signIn = async () =>
    await requestWithCertificate(connect, `https://mtlsauth.microsoft.com${tokenPath}`, {
      as,
      form: { ...client, token_type: 'mtls_pop' },
    });

  assert.deepEqual((await signIn()).body['error_codes'], [700027]);
  // in lines, as the Azure CLI sends it
  const certificate = key.certificate.raw.toString('base64').replace(/.{1,64}/g, '$&\n');
  await register([{ type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate }]);
  const { body } = await signIn();
  assert.equal(body['token_type'], 'mtls_pop', JSON.stringify(body));

  const read = async (host: string, shown: typeof as | undefined) =>
    await requestWithCertificate(connect, `https://${host}/v1.0/servicePrincipals?$top=1`, {
      as: shown,
      headers: { authorization: `mtls_pop ${body['access_token']}` },
    });
  const page = await read('mtlstb.graph.microsoft.com', as);
  assert.equal(page.status, 200, JSON.stringify(page.body));
  assert.match(String(page.body['@odata.nextLink']), /^https:\/\/mtlstb\.graph\.microsoft\.com\/v1\.0\//);
  assert.equal((await read('mtlstb.graph.microsoft.com', undefined)).status, 401);
  const elsewhere = await read('graph.microsoft.com', as);
  assert.equal(elsewhere.status, 401);
  assert.equal((elsewhere.body['error'] as { code?: string }).code, 'InvalidAuthenticationToken');

  await register([]);
  assert.deepEqual((await signIn()).body['error_codes'], [700027]);
});
