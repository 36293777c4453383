import type { FastifyRequest } from 'fastify';
import type { ArmErrorBody } from '../../../contract/arm.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { DomainError, type FailureDetail, type FailureKind } from '../../../foundation/domain-error.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import type { Dialect, Envelope } from '../surface.ts';

export interface ArmErrorDetail extends FailureDetail {
  readonly details?: readonly ArmErrorBody[];
  readonly additionalInfo?: ArmErrorBody['additionalInfo'];
  readonly headers?: Readonly<Record<string, string>>;
  /** Who refused: the front door (`gateway`) or the provider (`service`); `x-ms-failure-cause`. */
  readonly refusedBy?: 'gateway' | 'service';
}

/** A failure with what only ARM's envelope carries. */
export class ArmError extends DomainError {
  readonly details: readonly ArmErrorBody[] | undefined;
  readonly additionalInfo: ArmErrorBody['additionalInfo'];
  readonly headers: Readonly<Record<string, string>>;
  readonly refusedBy: 'gateway' | 'service';

  constructor(kind: FailureKind, code: string, message: string, detail: ArmErrorDetail = {}) {
    super(kind, message, { ...detail, code });
    this.details = detail.details;
    this.additionalInfo = detail.additionalInfo;
    this.headers = detail.headers ?? {};
    this.refusedBy = detail.refusedBy ?? 'gateway';
  }
}

/** Status, and the code where a failure names none of its own (`spec/resource-manager.md` a.4). */
const failures = {
  malformed: [400, 'InvalidRequestContent'],
  'missing-parameter': [400, 'InvalidRequestContent'],
  'invalid-value': [400, 'InvalidParameter'],
  unsupported: [415, 'UnsupportedMediaType'],
  'too-large': [413, 'RequestEntityTooLarge'],
  unauthenticated: [401, 'AuthenticationFailed'],
  'credential-rejected': [401, 'InvalidAuthenticationToken'],
  'foreign-tenant': [401, 'InvalidAuthenticationTokenTenant'],
  forbidden: [403, 'AuthorizationFailed'],
  'not-found': [404, 'NotFound'],
  'already-exists': [409, 'Conflict'],
  conflict: [409, 'Conflict'],
  'precondition-failed': [412, 'PreconditionFailed'],
  throttled: [429, 'TooManyRequests'],
  unavailable: [503, 'ServerTimeout'],
} as const satisfies Record<FailureKind, readonly [number, string]>;

/** Statuses of codes that share a kind with another status. */
const statusOfCode: Readonly<Record<string, number>> = {
  HttpMethodNotAllowed: 405,
  FeatureNotSupported: 400,
  ReadOnlyDisabledSubscription: 409,
};

/** What a caller may have echoed: an id of printable, harmless characters. */
const echoable = /^[A-Za-z0-9_.-]{1,128}$/;

export interface ArmDialectOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** The words of Azure Resource Manager: `{"error":{"code","message"}}` and the headers of a.2. */
export function createArmDialect({ clock, randomness }: ArmDialectOptions): Dialect {
  return {
    name: 'arm',
    envelope: (error) => armEnvelope(error),
    unexpected: () => unexpectedEnvelope,
    headers(request) {
      const correlation = echoed(request, 'x-ms-correlation-request-id') ?? randomness.uuid();
      const instant = new Date(clock.now()).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
      const clientRequest = wantsClientRequestId(request)
        ? echoed(request, 'x-ms-client-request-id')
        : undefined;
      return {
        'Cache-Control': 'no-cache',
        Pragma: 'no-cache',
        Expires: '-1',
        'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
        'X-Content-Type-Options': 'nosniff',
        'x-ms-request-id': request.id,
        'x-ms-correlation-request-id': correlation,
        'x-ms-routing-request-id': `INNATE:${instant}:${request.id}`,
        ...(clientRequest === undefined ? {} : { 'x-ms-client-request-id': clientRequest }),
      };
    },
  };
}

/** The answer to a bug of ours. */
export const unexpectedEnvelope: Envelope = {
  status: 500,
  headers: { 'x-ms-failure-cause': 'service' },
  body: { error: { code: 'InternalServerError', message: 'The server met an unexpected condition.' } },
};

/** A failure as an answer: of a request, or of one among several that came in one. */
export function armEnvelope(error: DomainError): Envelope {
  const [kindStatus, kindCode] = failures[error.kind];
  const code = error.code ?? kindCode;
  const arm = error instanceof ArmError ? error : undefined;
  return {
    status: statusOfCode[code] ?? kindStatus,
    headers: { 'x-ms-failure-cause': arm?.refusedBy ?? 'service', ...arm?.headers },
    body: { error: armErrorBody(error, code) },
  };
}

/** A failure as the member `error` of an envelope, or of an operation's status. */
export function armErrorBody(error: DomainError, code = error.code ?? failures[error.kind][1]): ArmErrorBody {
  return {
    code,
    message: error.message,
    ...(error.target === undefined ? {} : { target: error.target }),
    ...(error instanceof ArmError ? furtherMembers(error) : {}),
  };
}

function furtherMembers({
  details,
  additionalInfo,
}: ArmError): Pick<ArmErrorBody, 'details' | 'additionalInfo'> {
  return {
    ...(details === undefined ? {} : { details }),
    ...(additionalInfo === undefined ? {} : { additionalInfo }),
  };
}

function echoed(request: FastifyRequest, header: string): string | undefined {
  const value = request.headers[header];
  return typeof value === 'string' && echoable.test(value) ? value : undefined;
}

function wantsClientRequestId(request: FastifyRequest): boolean {
  const wish = request.headers['x-ms-return-client-request-id'];
  return typeof wish === 'string' && wish.toLowerCase() === 'true';
}
