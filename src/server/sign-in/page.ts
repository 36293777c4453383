import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Html, html } from './html.ts';
import { style } from './style.ts';

/** A page of the sign-in. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Where its forms, or what answers them, may lead beside this server: origins, or schemes with their colon. */
  readonly leadsTo?: readonly string[];
  /** The one script that a page may have. */
  readonly script?: string;
}

const styleHash = sourceHash(style);

function sourceHash(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`;
}

/**
 * Sends a page. It loads nothing, runs nothing but the script it was made with, is framed by nobody, and its address,
 * which may hold a request of an application, is told to no other site.
 */
export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  const { title, body, script } = page;
  const policy = [
    "default-src 'none'",
    `style-src ${styleHash}`,
    ...(script === undefined ? [] : [`script-src ${sourceHash(script)}`]),
    `form-action ${["'self'", ...(page.leadsTo ?? [])].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  const text = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - Innate</title>
`.text;
  const scriptElement = script === undefined ? '' : `<script>${script}</script>`;
  return reply
    .code(page.status ?? 200)
    .headers({
      'Content-Security-Policy': policy.join('; '),
      'X-Frame-Options': 'DENY',
      // not `no-referrer`: with it, browsers send forms from nowhere (`Origin: null`)
      'Referrer-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    })
    .type('text/html; charset=utf-8')
    .send(
      `${text}<style>${style}</style>\n</head>\n<body>\n<main>\n<p class="brand">Innate</p>\n${body.text}\n</main>\n${scriptElement}</body>\n</html>\n`,
    );
}

/**
 * Where a form may lead in the end, for an address that an application is registered with: its origin, or the scheme of
 * a program on the person's machine.
 */
export function destinationOf(uri: string): readonly string[] {
  if (!URL.canParse(uri)) return [];
  const { protocol, origin } = new URL(uri);
  if (protocol === 'https:' || protocol === 'http:') return [origin];
  return /^[a-z][a-z0-9+.-]*:$/.test(protocol) ? [protocol] : [];
}
