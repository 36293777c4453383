import type { ClientId, TenantId, UserId } from '../../../foundation/ids.ts';
import { type Caller, TokenRejected, type TokenVerifier } from '../../http/bearer.ts';
import { parseCompactJws } from '../../http/compact-jws.ts';
import { aadsts } from '../../http/dialects/aadsts.ts';
import type { Audiences } from '../audiences.ts';
import { issueRefreshToken } from '../refresh-tokens.ts';
import { required } from '../token-form.ts';
import { wantsOffline } from '../user-answers.ts';
import type { ConfidentialGrant } from './grant.ts';
import { type PeopleParts, readCommon, type UserParameters, withRefreshToken } from './people.ts';

interface Parameters extends UserParameters {
  readonly assertion: string;
}

const longestAssertion = 16_384;

/**
 * On behalf of: an application that was called with a person's token for itself gets one for a further resource. The
 * assertion is an access token of ours and of a person, and its audience is the application that shows it; what it may
 * do at the further resource is what was granted to it there.
 */
export function onBehalfOf(
  parts: PeopleParts & { readonly audiences: Audiences; readonly verifier: TokenVerifier },
): ConfidentialGrant<Parameters> {
  const { answers, audiences, clock, database, randomness, verifier } = parts;

  async function callerOf(tenantId: TenantId, clientId: ClientId, assertion: string): Promise<Caller> {
    const audience = parseCompactJws(assertion, longestAssertion)?.payload['aud'];
    const resource = typeof audience === 'string' ? await audiences.resolve(tenantId, audience) : undefined;
    if (typeof audience !== 'string' || resource?.appId !== clientId) {
      throw aadsts(50013, { reason: 'Its audience is not the application that shows it.' });
    }
    try {
      return await verifier.verify(assertion, [audience.replace(/\/$/, '')], 'by-operation');
    } catch (error) {
      if (!(error instanceof TokenRejected)) throw error;
      if (error.reason === 'expired' || error.reason === 'not-yet-valid') throw aadsts(500133, {}, error);
      throw aadsts(50013, { reason: error.message }, error);
    }
  }

  return {
    grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
    clientAuthentication: 'required',

    parameters(form) {
      const assertion = required(form, 'assertion');
      const use = required(form, 'requested_token_use');
      if (use !== 'on_behalf_of') {
        throw aadsts(9002313, { reason: "The 'requested_token_use' is not supported." });
      }
      return { ...readCommon(form), assertion };
    },

    async decide({ tenant, client, parameters, version }) {
      const { tenantId } = tenant;
      const { clientId } = client.principal;
      if (client.principal.principalType !== 'Application') throw aadsts(7000114, { client: clientId });
      const caller = await callerOf(tenantId, clientId, parameters.assertion);
      if (caller.tenantId !== tenantId) {
        throw aadsts(50013, { reason: 'It is a token of another tenant.' });
      }
      if (caller.principalType !== 'User') throw aadsts(7000114, { client: clientId });
      const scope = parameters.scope ?? '';
      if (version === 'v2' && scope === '') throw aadsts(900144, { parameter: 'scope' });
      if (version === 'v1' && scope === '' && parameters.resource === undefined) {
        throw aadsts(900144, { parameter: 'resource' });
      }
      const signedInAt = caller.issuedAt * 1000;
      const userId = caller.principalId as string as UserId;
      const decision = await answers.decide({
        ...{ tenant, client, version, scope, signedInAt },
        resource: parameters.resource,
        user: await answers.standing(tenant, userId, signedInAt),
        // how the person signed in is not in every token
        methods: [],
        clientInfo: parameters.clientInfo,
        capabilities: parameters.capabilities,
      });
      if (!wantsOffline(version, scope)) return decision;
      const facts = { binding: 'confidential' as const, shared: false, scope, methods: [], signedInAt };
      const at = clock.now();
      const token = { tenantId, userId, clientId, familyId: randomness.uuid(), facts, at };
      const issued = await database.transaction((transaction) =>
        issueRefreshToken(transaction, token, randomness),
      );
      return withRefreshToken(decision, issued);
    },
  };
}
