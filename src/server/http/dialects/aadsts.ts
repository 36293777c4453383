import { DomainError } from '../../../foundation/domain-error.ts';
import type { AadstsEntry } from './aadsts-entry.ts';
import { aadstsOfFederation } from './aadsts-of-federation.ts';
import { aadstsOfPeople } from './aadsts-of-people.ts';

export type { AadstsEntry } from './aadsts-entry.ts';

/**
 * Every refusal of the token service, by the number that clients match on (`spec/token-service-and-directory.md` b, c, e).
 * A word by which MSAL takes a refusal for a wish to see the user (0.8) stands only in those that wish it.
 */
export const aadstsCatalogue = {
  ...aadstsOfFederation,
  ...aadstsOfPeople,
  28002: {
    kind: 'missing-parameter',
    error: 'invalid_scope',
    status: 400,
    text: "Provided value for the input parameter scope '{scope}' is not valid because it names no resource.",
  },
  28003: {
    kind: 'invalid-value',
    error: 'invalid_scope',
    status: 400,
    text: "Provided value for the input parameter scope '{scope}' is not valid because it contains more than one resource.",
  },
  50000: {
    kind: 'unavailable',
    error: 'server_error',
    status: 500,
    text: 'There was an error issuing a token.',
  },
  50001: {
    kind: 'invalid-value',
    error: 'invalid_resource',
    status: 400,
    text: 'The resource is missing or is not a valid resource identifier.',
  },
  50012: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'Authentication failed. {reason}',
  },
  50027: {
    kind: 'malformed',
    error: 'invalid_request',
    status: 400,
    text: 'Invalid JWT token. {reason}',
  },
  50048: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'Subject must match Issuer claim in the client assertion.',
  },
  50049: {
    kind: 'invalid-value',
    error: 'invalid_instance',
    status: 400,
    text: 'Unknown or invalid instance.',
  },
  50059: {
    kind: 'invalid-value',
    error: 'invalid_request',
    status: 400,
    text: 'No tenant-identifying information found in either the request or implied by any provided credentials.',
  },
  70003: {
    kind: 'unsupported',
    error: 'unsupported_grant_type',
    status: 400,
    text: "The app requested an unsupported grant type '{grant}'.",
  },
  70011: {
    kind: 'invalid-value',
    error: 'invalid_scope',
    status: 400,
    text: "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' does not exist.",
  },
  70025: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: "The client '{client}'({name}) has no configured federated identity credentials.",
  },
  90002: {
    kind: 'not-found',
    error: 'invalid_request',
    status: 400,
    text: "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
  },
  90033: {
    kind: 'unavailable',
    error: 'temporarily_unavailable',
    status: 503,
    text: 'A transient error has occurred. Please try again.',
  },
  90055: {
    kind: 'throttled',
    error: 'temporarily_unavailable',
    status: 429,
    text: 'TenantThrottlingError. There are too many incoming requests.',
  },
  500011: {
    kind: 'not-found',
    error: 'invalid_resource',
    status: 400,
    text: 'The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.',
  },
  500014: {
    kind: 'forbidden',
    error: 'invalid_resource',
    status: 400,
    text: "The service principal for resource '{resource}' is disabled. This indicates that a subscription within the tenant has lapsed, or that the administrator for this tenant has disabled the application, preventing tokens from being issued for it.",
  },
  501051: {
    kind: 'forbidden',
    error: 'invalid_grant',
    status: 400,
    text: "Application '{client}'({name}) is not assigned to a role for the application '{resource}'({resourceName}).",
  },
  700016: {
    kind: 'not-found',
    error: 'unauthorized_client',
    status: 400,
    text: "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
  },
  700021: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: "Client assertion application identifier doesn't match 'client_id' parameter.",
  },
  700023: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'Client assertion audience claim does not match Realm issuer.',
  },
  700024: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'Client assertion is not within its valid time range. Current time: {now}, assertion valid from {from}, expiry time of assertion {until}.',
  },
  700027: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']",
  },
  900023: {
    kind: 'malformed',
    error: 'invalid_request',
    status: 400,
    text: "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
  },
  900144: {
    kind: 'missing-parameter',
    error: 'invalid_request',
    status: 400,
    text: "The request body must contain the following parameter: '{parameter}'.",
  },
  900561: {
    kind: 'unsupported',
    error: 'invalid_request',
    status: 405,
    text: 'The endpoint only accepts POST requests. Received a {method} request.',
  },
  901002: {
    kind: 'unsupported',
    error: 'invalid_request',
    status: 400,
    text: "The 'resource' request parameter is not supported.",
  },
  1000502: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'The provided certificate is not within its specified validity window.',
  },
  1002012: {
    kind: 'invalid-value',
    error: 'invalid_scope',
    status: 400,
    text: 'The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  },
  5002726: {
    kind: 'malformed',
    error: 'invalid_request',
    status: 400,
    text: 'Invalid JWT token. A token within a token is not supported.',
  },
  5002727: {
    kind: 'malformed',
    error: 'invalid_request',
    status: 400,
    text: "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.",
  },
  5002730: {
    kind: 'credential-rejected',
    error: 'invalid_request',
    status: 400,
    text: 'Invalid JWT token. Unsupported key for the signing algorithm.',
  },
  7000112: {
    kind: 'forbidden',
    error: 'unauthorized_client',
    status: 400,
    text: "Application '{client}'({name}) is disabled.",
  },
  7000215: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'.",
  },
  7000216: {
    kind: 'unauthenticated',
    error: 'invalid_client',
    status: 401,
    text: "'client_assertion', 'client_secret' or 'request' is required for the '{grant}' grant type.",
  },
  7000222: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: "The provided client secret keys for app '{client}' are expired. Create new keys for the app, or use certificate credentials.",
  },
  9000411: {
    kind: 'malformed',
    error: 'invalid_request',
    status: 400,
    text: "The request is not properly formatted. The parameter '{parameter}' is duplicated.",
  },
  9002313: {
    kind: 'malformed',
    error: 'invalid_request',
    status: 400,
    text: 'Invalid request. Request is malformed or invalid. {reason}',
  },
} as const satisfies Record<number, AadstsEntry>;

export type AadstsCode = keyof typeof aadstsCatalogue;

/** The `{names}` that a text stands open for. */
type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

export type AadstsValues<Code extends AadstsCode> = Readonly<
  Record<Placeholder<(typeof aadstsCatalogue)[Code]['text']>, string>
>;

/** The catalogue's entry of a code as text; `undefined` where there is none. */
export function aadstsEntry(code: string): AadstsEntry | undefined {
  return Object.hasOwn(aadstsCatalogue, code) ? aadstsCatalogue[Number(code) as AadstsCode] : undefined;
}

const longestValue = 256;

/** A caller's text as it may stand in an answer: printable ASCII, bounded. */
function shown(value: string): string {
  const printable = value.slice(0, longestValue).replace(/[^ -~]/g, '?');
  return value.length > longestValue ? `${printable}...` : printable;
}

/**
 * The refusal of a code, worded. Values that callers control are bounded and stripped of control characters.
 *
 * @param cause the operator's reason; logged, never sent
 */
export function aadsts<Code extends AadstsCode>(
  code: Code,
  values: AadstsValues<Code>,
  cause?: unknown,
): DomainError {
  const entry: AadstsEntry = aadstsCatalogue[code];
  const filled = entry.text.replace(/\{(\w+)\}/g, (_, name: string) =>
    shown((values as Readonly<Record<string, string>>)[name] ?? ''),
  );
  return new DomainError(entry.kind, `AADSTS${code}: ${filled.trimEnd()}`, { code: String(code), cause });
}
