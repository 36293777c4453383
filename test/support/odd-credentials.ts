import { generateKeyPairSync } from 'node:crypto';
import { signClaims } from '../../src/agent/jws.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import type { RawRequest } from './composed-server.ts';

/** One way to show something that is no credential. */
export interface OddCredential {
  readonly what: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Behind the path, as a query. */
  readonly query?: string;
  /** Instead of the body. */
  readonly form?: string;
}

/** A good token, shown in every way in which it is not shown (T3). */
export function wronglyShown(good: string): readonly OddCredential[] {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const values: readonly string[] = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer null',
    'Bearer undefined',
    good,
    `Token ${good}`,
    `Bearer: ${good}`,
    `Bearer=${good}`,
    `Bearer\t${good}`,
    `"Bearer ${good}"`,
    `Bearer "${good}"`,
    `Bearer Bearer ${good}`,
    `Bearer ${good}, Bearer ${good}`,
    `Bearer ${good},`,
    `Basic ${good}`,
    basic(`:${good}`),
    basic(`${good}:`),
    `Proof ${good}`,
    `Negotiate ${good}`,
    `Bearer ${'a'.repeat(8192)}`,
    `Bearer ${good}${'A'.repeat(8192 - good.length)}`,
  ];
  return [
    { what: 'nothing', headers: {} },
    ...values.map((authorization) => ({
      what: `Authorization: ${authorization.replace(good, '<good>').slice(0, 60)}`,
      headers: { authorization },
    })),
    { what: 'two headers', headers: { authorization: [`Bearer ${good}`, `Bearer ${good}`] } },
    { what: 'an empty header and a good one', headers: { authorization: ['', `Bearer ${good}`] } },
    ...[
      'proxy-authorization',
      'x-authorization',
      'x-ms-authorization-auxiliary',
      'x-forwarded-authorization',
    ].map((name) => ({ what: name, headers: { [name]: `Bearer ${good}` } })),
    { what: 'a cookie', headers: { cookie: `access_token=${good}; Authorization=Bearer ${good}` } },
    { what: 'the query', headers: {}, query: `access_token=${good}&authorization=Bearer%20${good}` },
    { what: 'a form', headers: {}, form: `access_token=${good}` },
  ];
}

/** Shown rightly, but nothing that was given out for here. */
export function noAccessTokens(texts: Readonly<Record<string, string>>): readonly OddCredential[] {
  const entries = Object.entries(texts);
  return entries.map(([what, text]) => ({ what, headers: { authorization: `Bearer ${text}` } }));
}

/** A good token with one thing about it changed. */
export async function spoiled(good: string): Promise<Readonly<Record<string, string>>> {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const read = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  const write = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const claims = read(payload);
  const later = { ...claims, exp: Number(claims['exp']) + 60 };
  const now = Math.floor(systemClock.now() / 1000);
  const assertion = {
    ...{ iss: claims['appid'], sub: claims['appid'], jti: systemRandomness.uuid(), nbf: now, exp: now + 300 },
    aud: `https://login.microsoftonline.com/${String(claims['tid'])}/oauth2/v2.0/token`,
  };
  return {
    'without its signature': `${header}.${payload}.`,
    'with alg none': `${write({ ...read(header), alg: 'none' })}.${payload}.${signature}`,
    'with another signature': `${header}.${payload}.${signature.slice(0, -8)}AAAAAAAA`,
    'with later claims': `${header}.${write(later)}.${signature}`,
    'signed with a key of one’s own': await signClaims(
      privateKey,
      read(header) as Record<string, string>,
      claims,
    ),
    'a client assertion': await signClaims(privateKey, { typ: 'JWT' }, assertion),
  };
}

/** The request, with the credential shown. */
export function showing(request: RawRequest, { headers, query, form }: OddCredential): RawRequest {
  const path =
    query === undefined ? request.path : `${request.path}${request.path.includes('?') ? '&' : '?'}${query}`;
  const { body: _, headers: own = {}, ...bare } = request;
  if (form !== undefined && request.method !== 'GET' && request.method !== 'HEAD') {
    return {
      ...bare,
      path,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    };
  }
  return { ...request, path, headers: { ...own, ...headers } };
}
