import { hash, timingSafeEqual } from 'node:crypto';
import type { Tenant } from '../../directory/directory-store.ts';
import { aadsts } from '../../http/dialects/aadsts.ts';
import { type AuthorizationCode, findCode, redeemCode } from '../authorization-codes.ts';
import { readOpaque } from '../opaque-token.ts';
import { issueRefreshToken } from '../refresh-tokens.ts';
import type { TokenDecision } from '../token-decision.ts';
import { given, required } from '../token-form.ts';
import { type ActingClient, clientOf, wantsOffline } from '../user-answers.ts';
import type { OpenGrant } from './grant.ts';
import { bindingOf, type PeopleParts, readCommon, type UserParameters, withRefreshToken } from './people.ts';

interface Parameters extends UserParameters {
  readonly code: string;
  readonly redirectUri: string | undefined;
  readonly verifier: string | undefined;
}

/** RFC 6749 §4.1.3 with PKCE (RFC 7636): a code for what a person let the application do. */
export function authorizationCode(parts: PeopleParts): OpenGrant<Parameters> {
  const { database, clock, randomness, answers } = parts;
  return {
    grantTypes: ['authorization_code'],
    clientAuthentication: 'as-registered',

    parameters: (form) => ({
      ...readCommon(form),
      code: required(form, 'code'),
      redirectUri: given(form, 'redirect_uri'),
      verifier: given(form, 'code_verifier'),
    }),

    async tenantOf(form) {
      return readOpaque('c', given(form, 'code') ?? '')?.tenantId;
    },

    async decide({ tenant, client, parameters, version, origin }) {
      const at = clock.now();
      const opaque = readOpaque('c', parameters.code);
      const known = opaque !== undefined && opaque.tenantId === tenant.tenantId ? opaque : undefined;
      const code = known && (await findCode(database.read, known));
      if (known === undefined || code === undefined) throw unknownCode();
      const { request } = code;
      checkCode(code, client, parameters, origin);
      const scope = parameters.scope ?? request.scope;
      const decision = await answers.decide({
        ...{ tenant, client, version, scope, nonce: request.nonce },
        user: await answers.standing(tenant, code.userId, request.signedInAt),
        resource: parameters.resource ?? request.resource,
        methods: request.methods,
        signedInAt: request.signedInAt,
        clientInfo: parameters.clientInfo,
        capabilities: parameters.capabilities,
      });
      return await redeem(tenant, { ...code, digest: known.digest }, decision, {
        ...{ client, scope, at },
        offline: wantsOffline(version, scope) || wantsOffline(version, request.scope),
      });
    },
  };

  async function redeem(
    { tenantId }: Tenant,
    code: AuthorizationCode & { readonly digest: string },
    decision: TokenDecision,
    {
      client,
      scope,
      offline,
      at,
    }: {
      readonly client: ActingClient;
      readonly scope: string;
      readonly offline: boolean;
      readonly at: number;
    },
  ): Promise<TokenDecision> {
    const { clientId } = clientOf(client);
    const { redirectKind, methods, signedInAt, resource } = code.request;
    const { outcome, refreshToken } = await database.transaction(async (transaction) => {
      const result = await redeemCode(transaction, { tenantId, digest: code.digest, at });
      if (result !== 'redeemed' || !offline) return { outcome: result, refreshToken: undefined };
      const facts = {
        binding: bindingOf(client, redirectKind),
        shared: decision.alongside?.family !== undefined,
        ...{ scope, methods: [...methods], signedInAt },
        ...(resource === undefined ? {} : { resource }),
      };
      const { userId, familyId } = code;
      const token = { tenantId, userId, clientId, familyId, facts, at };
      return { outcome: result, refreshToken: await issueRefreshToken(transaction, token, randomness) };
    });
    switch (outcome) {
      case 'redeemed':
        return withRefreshToken(decision, refreshToken);
      case 'again':
        throw aadsts(54005, {});
      case 'expired':
        throw aadsts(70008, {});
      case 'unknown':
        throw unknownCode();
    }
  }
}

/** What the code was given out for must fit who redeems it, and how. */
function checkCode(
  { clientId, request }: AuthorizationCode,
  client: ActingClient,
  { redirectUri, verifier }: Parameters,
  origin: string | undefined,
): void {
  if (clientOf(client).clientId !== clientId) {
    throw aadsts(70000, { reason: 'The code was given out to another application.' });
  }
  if (request.redirectKind === 'web' && client.proof === 'none') throw aadsts(7000218, {});
  if (request.redirectKind === 'spa' && origin === undefined) throw aadsts(9002327, {});
  // a page redeems what was sent to it: one of another site shows what it should not have
  const mayAsk = request.redirectKind === 'spa' ? new URL(request.redirectUri).origin : undefined;
  if (origin !== undefined && origin !== mayAsk) throw aadsts(9002326, { origin });
  if (redirectUri !== request.redirectUri) {
    throw aadsts(70000, { reason: "The 'redirect_uri' is not the one that the code was sent to." });
  }
  checkVerifier(request.challenge, verifier);
}

/** RFC 7636 §4.6. A verifier for a code without a challenge is refused as well: the challenge was taken off on the way. */
function checkVerifier(
  challenge: AuthorizationCode['request']['challenge'],
  verifier: string | undefined,
): void {
  if (challenge === undefined && verifier === undefined) return;
  if (challenge === undefined || verifier === undefined || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) {
    throw aadsts(501481, {});
  }
  const shown = challenge.method === 'S256' ? hash('sha256', verifier, 'base64url') : verifier;
  const [one, other] = [shown, challenge.value].map((text) => Buffer.from(hash('sha256', text), 'hex'));
  if (!timingSafeEqual(one as Buffer, other as Buffer)) throw aadsts(501481, {});
}

function unknownCode() {
  return aadsts(70000, { reason: 'The code is not one that was given out here.' });
}
