import type { Tenant } from '../directory/directory-store.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { parseDelegatedScope } from '../tokens/delegated-scope.ts';
import type { TokenVersion } from '../tokens/issuers.ts';
import type { RedirectKind, RegisteredClient } from '../tokens/registered-clients.ts';
import { given, type TokenForm } from '../tokens/token-form.ts';
import { type RedirectTarget, type ResponseMode, registeredAs } from './redirects.ts';

/** What of a request decides where its answer goes, or that it goes nowhere. */
export interface AnswerPlace {
  readonly client: RegisteredClient;
  readonly redirectKind: RedirectKind;
  readonly target: RedirectTarget;
  readonly state: string | undefined;
}

/** An authorisation request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), understood. */
export interface AuthorizationRequest extends AnswerPlace {
  readonly version: TokenVersion;
  readonly code: boolean;
  readonly idToken: boolean;
  readonly scope: string;
  readonly resource: string | undefined;
  readonly nonce: string | undefined;
  readonly challenge: { readonly method: 'S256' | 'plain'; readonly value: string } | undefined;
  readonly prompt: ReadonlySet<string>;
  readonly loginHint: string | undefined;
  /** Seconds since sign-in at most. */
  readonly maxAge: number | undefined;
  readonly clientInfo: boolean;
}

/**
 * Where the answer to a request goes.
 *
 * @throws DomainError AADSTS50011, 90014, which are shown and never sent anywhere
 */
export function readAnswerPlace(form: TokenForm, client: RegisteredClient): AnswerPlace {
  const uri = given(form, 'redirect_uri');
  if (uri === undefined) throw aadsts(90014, { parameter: 'redirect_uri' });
  const redirectKind = registeredAs(client, uri);
  if (redirectKind === undefined) throw aadsts(50011, { uri, client: client.clientId });
  const mode = responseModeOf(form);
  return { client, redirectKind, target: { uri, mode }, state: given(form, 'state') };
}

/** A code goes into the query, tokens never do: they would be written into logs on the way. */
function responseModeOf(form: TokenForm): ResponseMode {
  const asked = given(form, 'response_mode');
  const tokens = (given(form, 'response_type') ?? 'code') !== 'code';
  if (asked === 'form_post' || asked === 'fragment') return asked;
  return tokens ? 'fragment' : 'query';
}

/** @throws DomainError in the words of `aadsts.ts`, which go to where the answer would */
export function readRequest(
  form: TokenForm,
  version: TokenVersion,
  place: AnswerPlace,
): AuthorizationRequest {
  const { code, idToken } = readResponseType(form, place);
  const scope = given(form, 'scope') ?? (version === 'v1' ? 'openid' : undefined);
  if (scope === undefined) throw aadsts(900144, { parameter: 'scope' });
  const { openid } = parseDelegatedScope(scope);
  const nonce = given(form, 'nonce');
  if (idToken && nonce === undefined) throw aadsts(90014, { parameter: 'nonce' });
  if (idToken && !openid.has('openid')) throw aadsts(70011, { scope });
  const maxAge = given(form, 'max_age');
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) {
    throw aadsts(9002313, { reason: "The 'max_age' is not a number of seconds." });
  }
  return {
    ...place,
    ...{ version, code, idToken, scope, nonce },
    resource: version === 'v1' ? given(form, 'resource') : undefined,
    challenge: code ? readChallenge(form, place) : undefined,
    prompt: new Set((given(form, 'prompt') ?? '').split(' ').filter((word) => word !== '')),
    loginHint: given(form, 'login_hint')?.slice(0, 320),
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
    clientInfo: given(form, 'client_info') === '1',
  };
}

function readResponseType(form: TokenForm, { client }: AnswerPlace) {
  const type = given(form, 'response_type');
  if (type === undefined) throw aadsts(900144, { parameter: 'response_type' });
  const words = new Set(type.split(' '));
  const code = words.delete('code');
  const idToken = words.delete('id_token');
  if (words.size > 0) throw aadsts(700051, { type });
  if (idToken && !client.idTokens) throw aadsts(700054, {});
  if (idToken && given(form, 'response_mode') === 'query') {
    throw aadsts(9002313, { reason: "The 'response_mode' query is not for tokens." });
  }
  return { code, idToken };
}

/** PKCE (RFC 7636 §4.3): everybody who keeps no secret needs it, and not in its plain form (RFC 9700 §2.1.1). */
function readChallenge(form: TokenForm, { redirectKind }: AnswerPlace): AuthorizationRequest['challenge'] {
  const value = given(form, 'code_challenge');
  const method = given(form, 'code_challenge_method') ?? 'plain';
  if (value === undefined) {
    if (redirectKind === 'web') return undefined;
    throw aadsts(9002325, {});
  }
  if (method !== 'S256' && (method !== 'plain' || redirectKind !== 'web')) {
    throw aadsts(9002313, { reason: "The 'code_challenge_method' must be S256." });
  }
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(value)) {
    throw aadsts(9002313, { reason: "The 'code_challenge' is not one." });
  }
  return { method, value };
}

/** Whether a tenant's people are the only ones who may answer. */
export function acceptsTenant(tenant: Tenant | undefined, tenantId: string): boolean {
  return tenant === undefined || tenant.tenantId === tenantId;
}
