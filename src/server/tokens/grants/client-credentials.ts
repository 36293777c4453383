import { aadsts } from '../../http/dialects/aadsts.ts';
import type { Audiences } from '../audiences.ts';
import { type ClaimsRequest, readClaimsRequest } from '../claims-request.ts';
import type { TokenVersion } from '../issuers.ts';
import type { ResourceClaims } from '../resource-claims.ts';
import { given, required, type TokenForm } from '../token-form.ts';
import type { ConfidentialGrant } from './grant.ts';

/** Scopes of OpenID Connect, which some clients add to every request (c.2 rule 1). */
const openidScopes = new Set(['openid', 'profile', 'email', 'offline_access']);
const suffix = '/.default';

interface Parameters {
  readonly resource: string;
  readonly claims: ClaimsRequest;
}

/** RFC 6749 §4.4: a token for the client itself. v1 names the resource, v2 its `/.default` scope (c.1, c.2). */
export function clientCredentials({
  audiences,
  resourceClaims,
}: {
  readonly audiences: Audiences;
  readonly resourceClaims: ResourceClaims;
}): ConfidentialGrant<Parameters> {
  return {
    grantTypes: ['client_credentials'],
    clientAuthentication: 'required',

    parameters(form, version) {
      const claims = readClaimsRequest(given(form, 'claims'));
      return { resource: resourceOf(form, version), claims };
    },

    async decide({ tenant, client, parameters }) {
      const resource = await audiences.resolve(tenant.tenantId, parameters.resource);
      if (resource === undefined) {
        throw aadsts(500011, { resource: parameters.resource, tenant: tenant.displayName });
      }
      const { principal, proof, hostResourceId } = client;
      const { principalId: id, clientId, displayName } = principal;
      const { tenantId } = tenant;
      const asking = { kind: 'Application', tenantId, id, clientId, displayName } as const;
      return {
        ...(await resourceClaims.of(asking, resource, parameters.claims.capabilities)),
        subject: { kind: 'application', principal, hostResourceId },
        resource,
        requested: parameters.resource,
        proof,
      };
    },
  };
}

function resourceOf(form: TokenForm, version: TokenVersion): string {
  const resource = given(form, 'resource');
  if (version === 'v1') {
    if (resource !== undefined) return resource;
    const scope = given(form, 'scope');
    if (scope === undefined) throw aadsts(900144, { parameter: 'resource' });
    return resourceOfScope(scope);
  }
  if (resource !== undefined && given(form, 'scope') === undefined) throw aadsts(901002, {});
  return resourceOfScope(required(form, 'scope'));
}

/** The one resource of a scope parameter: what stands before `/.default`, octet for octet. */
function resourceOfScope(scope: string): string {
  const wanted = new Set(scope.split(' ').filter((word) => word !== '' && !openidScopes.has(word)));
  const [first, second] = wanted;
  if (first === undefined) throw aadsts(28002, { scope });
  if (second !== undefined) throw aadsts(28003, { scope });
  if (!first.endsWith(suffix)) throw aadsts(1002012, { scope: first });
  const resource = first.slice(0, -suffix.length);
  if (resource === '') throw aadsts(70011, { scope: first });
  return resource;
}
