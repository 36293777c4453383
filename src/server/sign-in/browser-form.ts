import { timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../foundation/domain-error.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import { parseTokenForm, type TokenForm } from '../tokens/token-form.ts';
import { readCookie, setCookie } from './cookies.ts';
import { type Html, html } from './html.ts';

const tokenOctets = 32;
const field = 'form_token';

/** The hidden field that proves that a form comes from a page of ours in this browser; its cookie goes with the page. */
export function formToken(request: FastifyRequest, reply: FastifyReply, randomness: Randomness): Html {
  const known = readCookie(request, 'form');
  const token = known !== undefined && known.length === 43 ? known : randomText(randomness, tokenOctets);
  if (token !== known) setCookie(reply, 'form', token);
  return html`<input type="hidden" name="${field}" value="${token}">`;
}

/**
 * Reads a form that a page of ours sent: from our own origin, with the token of this browser (C14).
 *
 * @throws DomainError `forbidden` for a form from elsewhere
 */
export function readForm(request: FastifyRequest): TokenForm {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined || origin !== `https://${host}`) throw fromElsewhere();
  const form = parseTokenForm(typeof request.body === 'string' ? request.body : '');
  const [sent, kept] = [form.get(field) ?? '', readCookie(request, 'form') ?? ''].map((text) =>
    Buffer.from(text, 'utf8'),
  ) as [Buffer, Buffer];
  if (kept.length === 0 || sent.length !== kept.length || !timingSafeEqual(sent, kept)) throw fromElsewhere();
  return form;
}

function fromElsewhere(): DomainError {
  return new DomainError(
    'forbidden',
    'This form was not sent from a page of this sign-in, or cookies are switched off. Please start again.',
  );
}
