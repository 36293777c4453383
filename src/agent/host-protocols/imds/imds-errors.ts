import { type Answer, jsonAnswer, type Refusal, type RefusalKind } from '../host-protocol.ts';
import { newestVersions } from './api-versions.ts';

/** As the service names itself; clients of bound tokens look at what stands before the slash. */
export const serverHeader = ['Server', 'IMDS/150.870.65.1854'] as const;

type Wording = readonly [status: number, error: string, description: string | ((detail: string) => string)];

/**
 * `spec/host-protocols.md` 5a. No text may hold `unreachable` (clients read it as "no metadata service here"), and only
 * one may hold `Identity not found`. Permanent refusals of the token path are 400: clients retry 404 and 410.
 */
const wordings = {
  'malformed-target': [400, 'bad_request', 'The address of the request is malformed'],
  'duplicate-parameter': [
    400,
    'invalid_request',
    (name) => `The query variable '${name}' is given more than once`,
  ],
  'method-not-allowed': [405, 'method_not_allowed', 'Only GET is supported'],
  'foreign-host': [400, 'bad_request', 'The Host header does not name this endpoint'],
  forwarded: [400, 'bad_request', (name) => `A request with the header '${name}' is not answered`],
  'from-browser': [400, 'bad_request', (name) => `A request with the header '${name}' is not answered`],
  'malformed-header': [400, 'bad_request', (name) => `The header '${name}' is malformed`],
  'unexpected-body': [400, 'bad_request', 'A request body is not expected'],
  'not-found': [404, 'not_found', 'The requested path does not exist'],
  'not-admitted': [400, 'invalid_request', 'Required metadata header not specified'],
  'missing-parameter': [400, 'invalid_request', (name) => `Required query variable '${name}' is missing`],
  'unsupported-version': [400, 'invalid_request', 'The api-version is not supported'],
  'invalid-parameter': [400, 'invalid_request', (name) => `The query variable '${name}' is not valid`],
  'several-selectors': [
    400,
    'invalid_request',
    'Only one of client_id, object_id and msi_res_id may be specified',
  ],
  'identity-not-found': [400, 'invalid_request', 'Identity not found'],
  'identity-ambiguous': [
    400,
    'invalid_request',
    'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
  ],
  'invalid-resource': [400, 'invalid_resource', (text) => text],
  throttled: [429, 'too_many_requests', 'Too many requests: try again later'],
  unavailable: [503, 'service_unavailable', 'The token service does not answer: try again later'],
  failed: [500, 'server_error', 'The request failed for a reason inside the host'],
} as const satisfies Record<RefusalKind, Wording>;

/** The error envelope of the identity endpoints. */
export function refuse({ kind, detail = '', retryAfter }: Refusal): Answer {
  const [status, error, words]: Wording = wordings[kind];
  const body = {
    error,
    error_description: typeof words === 'string' ? words : words(detail),
    ...(kind === 'unsupported-version' ? { 'newest-versions': newestVersions } : {}),
  };
  const headers = [
    ...serverHeader,
    ...(status === 405 ? ['Allow', 'GET'] : []),
    ...(retryAfter === undefined ? [] : ['Retry-After', String(Math.max(1, Math.ceil(retryAfter)))]),
  ];
  return jsonAnswer(status, JSON.stringify(body), headers);
}

/** The error envelope of everything else that the metadata service has. */
export function refuseDocument(status: number, error: string, more: object = {}): Answer {
  return jsonAnswer(status, JSON.stringify({ error, ...more }), serverHeader);
}
