import type { FastifyRequest } from 'fastify';
import type { KeyVaultErrorBody } from '../../../contract/key-vault.ts';
import { DomainError, type FailureDetail, type FailureKind } from '../../../foundation/domain-error.ts';
import type { Dialect, Envelope } from '../surface.ts';

export interface KeyVaultErrorDetail extends FailureDetail {
  readonly innerCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failure with what only Key Vault's envelope carries: an inner code, and headers such as the challenge. */
export class KeyVaultError extends DomainError {
  readonly innerCode: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: FailureKind, code: string, message: string, detail: KeyVaultErrorDetail = {}) {
    super(kind, message, { ...detail, code });
    this.innerCode = detail.innerCode;
    this.headers = detail.headers ?? {};
  }
}

/** Status, and the code where a failure names none of its own (`spec/targets.md` 1.7). */
const failures = {
  malformed: [400, 'BadParameter'],
  'missing-parameter': [400, 'BadParameter'],
  'invalid-value': [400, 'BadParameter'],
  unsupported: [415, 'UnsupportedMediaType'],
  'too-large': [413, 'RequestEntityTooLarge'],
  unauthenticated: [401, 'Unauthorized'],
  'credential-rejected': [401, 'Unauthorized'],
  'foreign-tenant': [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  'not-found': [404, 'NotFound'],
  'already-exists': [409, 'Conflict'],
  conflict: [409, 'Conflict'],
  'precondition-failed': [412, 'PreconditionFailed'],
  throttled: [429, 'Throttled'],
  unavailable: [503, 'ServiceUnavailable'],
} as const satisfies Record<FailureKind, readonly [number, string]>;

const echoable = /^[A-Za-z0-9_.-]{1,128}$/;

/** How the vault surface words its answers (`spec/targets.md` 1.6, 1.7). */
export const keyVaultDialect: Dialect = {
  name: 'key-vault',

  envelope(error: DomainError): Envelope {
    const [status, defaultCode] = failures[error.kind];
    const own = error instanceof KeyVaultError ? error : undefined;
    return {
      status,
      headers: { 'Content-Type': contentType, ...own?.headers },
      body: body(error.code ?? defaultCode, error.message, own?.innerCode),
    };
  },

  unexpected(): Envelope {
    return {
      status: 500,
      headers: { 'Content-Type': contentType },
      body: body('InternalServerError', 'An unexpected error occurred.', undefined),
    };
  },

  headers(request: FastifyRequest): Readonly<Record<string, string>> {
    const clientRequestId = request.headers['x-ms-client-request-id'];
    return {
      'Cache-Control': 'no-cache',
      Pragma: 'no-cache',
      Expires: '-1',
      'x-ms-request-id': request.id,
      ...(typeof clientRequestId === 'string' && echoable.test(clientRequestId)
        ? { 'x-ms-client-request-id': clientRequestId }
        : {}),
      'x-ms-keyvault-service-version': '1.9.0.0',
      'x-ms-keyvault-network-info': networkInfo(request.ip),
      'X-Content-Type-Options': 'nosniff',
      'Strict-Transport-Security': 'max-age=31536000;includeSubDomains',
    };
  },
};

const contentType = 'application/json; charset=utf-8';

function networkInfo(address: string): string {
  const version = address.includes(':') ? '6' : '4';
  return `conn_type=Ipv${version};addr=${address};act_addr_fam=InterNetwork${version === '6' ? 'V6' : ''};`;
}

function body(code: string, message: string, innerCode: string | undefined): KeyVaultErrorBody {
  return {
    error: { code, message, ...(innerCode === undefined ? {} : { innererror: { code: innerCode } }) },
  };
}
