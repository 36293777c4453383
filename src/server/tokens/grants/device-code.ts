import { aadsts } from '../../http/dialects/aadsts.ts';
import { type DeviceCode, findDeviceCode, redeemDeviceCode } from '../device-codes.ts';
import type { TokenVersion } from '../issuers.ts';
import { issueRefreshToken } from '../refresh-tokens.ts';
import { given, required, type TokenForm } from '../token-form.ts';
import { clientOf, wantsOffline } from '../user-answers.ts';
import type { OpenGrant } from './grant.ts';
import { type PeopleParts, readCommon, type UserParameters, withRefreshToken } from './people.ts';

interface Parameters extends UserParameters {
  readonly deviceCode: string;
}

/** RFC 8628 §3.4: what a person approved on another device. Some clients name the code `code`, and the grant shorter (c.1). */
export function deviceCode(parts: PeopleParts): OpenGrant<Parameters> {
  const { database, clock, randomness, answers } = parts;
  return {
    grantTypes: ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'],
    clientAuthentication: 'as-registered',

    parameters: (form) => ({ ...readCommon(form), deviceCode: codeOf(form) }),

    async tenantOf(form) {
      const found = await findDeviceCode(database.read, codeOf(form), clock.now());
      // nobody has answered: there is no tenant yet to look the client up in
      if (found === undefined || found.clientId !== given(form, 'client_id')?.toLowerCase()) {
        throw aadsts(70018, {});
      }
      if (found.state.kind !== 'approved') throw refusal(found, 'v2');
      return found.state.tenantId;
    },

    async decide({ tenant, client, parameters, version }) {
      const { tenantId } = tenant;
      const at = clock.now();
      const found = await findDeviceCode(database.read, parameters.deviceCode, at);
      const { clientId } = clientOf(client);
      if (found === undefined || found.clientId !== clientId) throw aadsts(70018, {});
      if (found.tenantId !== undefined && found.tenantId !== tenantId) throw aadsts(70018, {});
      const { state, request } = found;
      if (state.kind !== 'approved') throw refusal(found, version);
      const { methods, signedInAt, userId } = state;
      const scope = parameters.scope ?? request.scope;
      const resource = parameters.resource ?? request.resource;
      const decision = await answers.decide({
        ...{ tenant, client, version, scope, resource, methods, signedInAt },
        user: await answers.standing(tenant, userId, signedInAt),
        clientInfo: parameters.clientInfo,
        capabilities: parameters.capabilities,
      });
      const offline = wantsOffline(version, scope) || wantsOffline(version, request.scope);
      const redemption = await database.transaction(async (transaction) => {
        if (!(await redeemDeviceCode(transaction, tenantId, parameters.deviceCode))) return undefined;
        if (!offline) return { refreshToken: undefined };
        const facts = {
          binding: client.proof === 'none' ? ('public' as const) : ('confidential' as const),
          shared: decision.alongside?.family !== undefined,
          ...{ scope, methods: [...methods], signedInAt },
          ...(resource === undefined ? {} : { resource }),
        };
        const token = { tenantId, userId, clientId, familyId: randomness.uuid(), facts, at };
        return { refreshToken: await issueRefreshToken(transaction, token, randomness) };
      });
      if (redemption === undefined) throw aadsts(54005, {});
      return withRefreshToken(decision, redemption.refreshToken);
    },
  };
}

function codeOf(form: TokenForm): string {
  return given(form, 'code') ?? required(form, 'device_code');
}

/** Never `slow_down`: most clients give up at it (c.5). */
function refusal({ state }: DeviceCode, version: TokenVersion) {
  switch (state.kind) {
    case 'declined':
      return aadsts(70037, {});
    case 'expired':
      return version === 'v1' ? aadsts(70019, {}) : aadsts(70020, {});
    case 'redeemed':
      return aadsts(54005, {});
    case 'pending':
    case 'approved':
      return aadsts(70016, {});
  }
}
