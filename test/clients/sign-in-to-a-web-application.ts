import { once } from 'node:events';
import readline from 'node:readline';
import * as openid from 'openid-client';

/**
 * A web application as written for any OpenID provider: a person signs in, their facts are read, the session is renewed
 * and ended. Prints where the browser is to go, reads the address it comes back with, and prints what it learned.
 */
const { ISSUER: issuer = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env;
const redirectUri = 'https://orders.example/callback';

const lines = readline.createInterface({ input: process.stdin });
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const provider = await openid.discovery(new URL(issuer), clientId, clientSecret, undefined, {
  execute: [openid.enableNonRepudiationChecks],
});
const verifier = openid.randomPKCECodeVerifier();
const [state, nonce] = [openid.randomState(), openid.randomNonce()];
const url = openid.buildAuthorizationUrl(provider, {
  ...{ redirect_uri: redirectUri, scope: 'openid profile email offline_access', state, nonce },
  code_challenge: await openid.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
});
print({ url: url.href });
const [back] = (await once(lines, 'line')) as [string];

const tokens = await openid.authorizationCodeGrant(provider, new URL(back), {
  ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
});
const claims = tokens.claims();
const facts = await openid.fetchUserInfo(provider, tokens.access_token, claims?.sub ?? '');
const renewed = await openid.refreshTokenGrant(provider, tokens.refresh_token ?? '');
const end = openid.buildEndSessionUrl(provider, { post_logout_redirect_uri: redirectUri, state: 'over' });
print({
  outcomes: {
    ...{ issuer: claims?.iss, name: claims?.['name'], user: claims?.['preferred_username'] },
    ...{ sameSubject: facts.sub === claims?.sub, facts: facts.name },
    renewed: renewed.refresh_token !== tokens.refresh_token && renewed.claims()?.sub === claims?.sub,
    end: end.href,
  },
});
lines.close();
