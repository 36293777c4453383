import { aadsts } from '../../http/dialects/aadsts.ts';
import { firstPartyClient } from '../first-party-clients.ts';
import { readOpaque } from '../opaque-token.ts';
import {
  findRefreshToken,
  issueRefreshToken,
  type RefreshToken,
  takeRefreshToken,
} from '../refresh-tokens.ts';
import { given, required } from '../token-form.ts';
import { type ActingClient, clientOf } from '../user-answers.ts';
import type { OpenGrant } from './grant.ts';
import { type PeopleParts, readCommon, type UserParameters, withRefreshToken } from './people.ts';

interface Parameters extends UserParameters {
  readonly refreshToken: string;
}

/**
 * RFC 6749 §6: another access token in the person's name, for any resource (c.1), and the next refresh token of the
 * family. It ends with the person's account, password change and revocation.
 */
export function refreshToken(parts: PeopleParts): OpenGrant<Parameters> {
  const { database, clock, randomness, answers } = parts;
  return {
    grantTypes: ['refresh_token'],
    clientAuthentication: 'as-registered',

    parameters: (form) => ({ ...readCommon(form), refreshToken: required(form, 'refresh_token') }),

    async tenantOf(form) {
      return readOpaque('r', given(form, 'refresh_token') ?? '')?.tenantId;
    },

    async decide({ tenant, client, parameters, version, origin }) {
      const { tenantId } = tenant;
      const at = clock.now();
      const opaque = readOpaque('r', parameters.refreshToken);
      const known = opaque !== undefined && opaque.tenantId === tenantId ? opaque : undefined;
      const token = known && (await findRefreshToken(database.read, known));
      if (known === undefined || token === undefined) throw unknownToken();
      checkHolder(token, client, origin);
      const { facts, userId, familyId } = token;
      const scope = parameters.scope ?? facts.scope;
      const resource = parameters.resource ?? facts.resource;
      const decision = await answers.decide({
        ...{ tenant, client, version, scope, resource },
        user: await answers.standing(tenant, userId, facts.signedInAt),
        methods: facts.methods,
        signedInAt: facts.signedInAt,
        clientInfo: parameters.clientInfo,
        capabilities: parameters.capabilities,
      });
      const { clientId } = clientOf(client);
      const renewal = await database.transaction(async (transaction) => {
        const outcome = await takeRefreshToken(transaction, { tenantId, digest: known.digest, at });
        if (outcome !== 'good') return { outcome };
        const next = { tenantId, userId, clientId, familyId, at, facts: { ...facts, scope } };
        return { outcome, issued: await issueRefreshToken(transaction, next, randomness) };
      });
      switch (renewal.outcome) {
        case 'good':
          return withRefreshToken(decision, renewal.issued);
        case 'expired':
          throw facts.binding === 'spa' ? aadsts(700084, {}) : aadsts(700082, {});
        case 'reused':
          throw aadsts(700082, {});
        case 'unknown':
          throw unknownToken();
      }
    },
  };
}

/** A refresh token is for the client it was given to, or one of its family, and for nobody who shows less than that did. */
function checkHolder(
  { clientId, facts }: RefreshToken,
  client: ActingClient,
  origin: string | undefined,
): void {
  const holder = clientOf(client).clientId;
  if (holder !== clientId && !(facts.shared && firstPartyClient(holder) !== undefined)) {
    throw aadsts(70000, { reason: 'The refresh token was given out to another application.' });
  }
  if (facts.binding === 'confidential' && client.proof === 'none') throw aadsts(7000218, {});
  if (facts.binding === 'spa' && origin === undefined) throw aadsts(9002327, {});
  if (facts.binding !== 'spa' && origin !== undefined) throw aadsts(9002326, { origin });
}

function unknownToken() {
  return aadsts(70000, { reason: 'The refresh token is not one that stands.' });
}
