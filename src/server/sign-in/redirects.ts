import type { FastifyReply } from 'fastify';
import type { RedirectKind, RegisteredClient } from '../tokens/registered-clients.ts';
import { type Html, html } from './html.ts';
import { destinationOf, sendPage } from './page.ts';

export type ResponseMode = 'query' | 'fragment' | 'form_post';

/** Where an answer goes. */
export interface RedirectTarget {
  readonly uri: string;
  readonly mode: ResponseMode;
}

/** Addresses that would run in a page or show what was sent, instead of taking it to an application. */
const unusable = /^(javascript|data|vbscript|file|blob|about):/i;

/**
 * How a redirect is registered. Addresses are compared octet for octet, but for the port of a program's loopback
 * address (RFC 8252 §7.3).
 */
export function registeredAs(client: RegisteredClient, uri: string): RedirectKind | undefined {
  if (!URL.canParse(uri) || uri.includes('#') || unusable.test(uri)) return undefined;
  const exact = client.redirects.find((redirect) => redirect.uri === uri);
  if (exact !== undefined) return exact.kind;
  const loopback = withoutPort(uri);
  if (loopback === undefined) return undefined;
  return client.redirects.find(
    (redirect) => redirect.kind === 'publicClient' && withoutPort(redirect.uri) === loopback,
  )?.kind;
}

/** A loopback address without its port; the empty path is the root. */
function withoutPort(uri: string): string | undefined {
  const match = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(\/[^?#\\]*)?(\?[^#]*)?$/.exec(uri);
  return match === null ? undefined : `http://${match[1]}${match[2] ?? '/'}${match[3] ?? ''}`;
}

/** Takes an answer to the application: by a redirect, or by a form that sends itself. */
export function sendAnswer(
  reply: FastifyReply,
  { uri, mode }: RedirectTarget,
  parameters: Readonly<Record<string, string>>,
): FastifyReply {
  if (mode === 'form_post') return sendFormPost(reply, uri, parameters);
  const encoded = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const separator = mode === 'fragment' ? '#' : uri.includes('?') ? '&' : '?';
  return reply.code(302).header('Location', `${uri}${separator}${encoded}`).send();
}

const submit = 'document.forms[0].submit()';

/** OAuth 2.0 Form Post Response Mode §2. */
function sendFormPost(
  reply: FastifyReply,
  uri: string,
  parameters: Readonly<Record<string, string>>,
): FastifyReply {
  const fields: Html[] = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return sendPage(reply, {
    title: 'Signing in',
    leadsTo: destinationOf(uri),
    script: submit,
    body: html`<h1>Signing in</h1>
<form method="post" action="${uri}">${fields}
<p>If nothing happens, go on by hand.</p>
<button type="submit">Continue</button></form>`,
  });
}
