import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Cookies of the sign-in. The prefix binds them to this very host over TLS, so that no neighbour can plant one.
 * `Lax`: a person who comes from an application's page is still signed in; forms are protected by more than that.
 */
export const cookieNames = {
  session: '__Host-innate-session',
  form: '__Host-innate-form',
  device: '__Host-innate-device',
  upstream: '__Host-innate-upstream',
} as const;
export type CookieName = keyof typeof cookieNames;

const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax';

/** A cookie's value: letters, digits, `-` and `_` only; `undefined` for anything else, and for one sent twice. */
export function readCookie(request: FastifyRequest, name: CookieName): string | undefined {
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookieNames[name]}=`))
    .map((pair) => pair.slice(cookieNames[name].length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && /^[A-Za-z0-9_-]{1,128}$/.test(value)
    ? value
    : undefined;
}

/** Sets a cookie for as long as the browser runs, or for some seconds. */
export function setCookie(reply: FastifyReply, name: CookieName, value: string, seconds?: number): void {
  const life = seconds === undefined ? '' : `; Max-Age=${seconds}`;
  void reply.header('Set-Cookie', `${cookieNames[name]}=${value}; ${attributes}${life}`);
}

export function clearCookie(reply: FastifyReply, name: CookieName): void {
  setCookie(reply, name, '', 0);
}
