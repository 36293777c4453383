import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { isGuid } from '../../foundation/ids.ts';
import type { SignIn } from '../audit/sign-in.ts';
import type { SignInLog } from '../audit/sign-in-log.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { User } from '../directory/user-store.ts';
import { correlationId, traceId } from '../http/dialects/oauth.ts';

/** What a person was signing in to. */
export interface SignInPurpose {
  readonly clientId?: string;
  readonly clientName?: string;
}

const longestName = 320;

/** Puts people's own acts into the sign-in log: each sign-in at a page, each that failed, each application let in. */
export class SignInRecords {
  readonly #signIns: SignInLog;
  readonly #clock: Clock;

  constructor(parts: { readonly signIns: SignInLog; readonly clock: Clock }) {
    this.#signIns = parts.signIns;
    this.#clock = parts.clock;
  }

  /** @throws DomainError `unavailable` where nothing could be written: then nobody is signed in */
  async signedIn(
    request: FastifyRequest,
    user: User,
    methods: readonly string[],
    purpose: SignInPurpose & { readonly scopes?: readonly string[] } = {},
  ): Promise<void> {
    await this.#signIns.record({
      ...this.#circumstances(request),
      ...purpose,
      tenantId: user.tenantId,
      accountId: user.userId,
      accountName: user.userPrincipalName,
      methods,
      errorCode: 0,
    });
  }

  /** Nothing is recorded where no tenant is known: there is nobody to read it. */
  async failed(
    request: FastifyRequest,
    tenant: Tenant | undefined,
    { name, purpose }: { readonly name: string; readonly purpose: SignInPurpose },
    error: unknown,
  ): Promise<void> {
    if (tenant === undefined || !(error instanceof DomainError)) return;
    const { code, message } = error;
    await this.#signIns.record({
      ...this.#circumstances(request),
      ...purpose,
      tenantId: tenant.tenantId,
      // a password that was typed into the wrong field is not a name
      ...(name.includes('@') ? { accountName: name.slice(0, longestName) } : {}),
      errorCode: code !== undefined && /^\d{1,9}$/.test(code) ? Number(code) : 9002313,
      failureReason: message,
    });
  }

  #circumstances(
    request: FastifyRequest,
  ): Pick<SignIn, 'signInId' | 'at' | 'kind' | 'credential' | 'correlationId' | 'address'> {
    const id = traceId(request.id);
    if (!isGuid(id)) throw new TypeError('a request has no GUID');
    return {
      signInId: id,
      at: this.#clock.now(),
      kind: 'interactiveUser',
      credential: 'none',
      correlationId: correlationId(request),
      address: request.ip,
    };
  }
}
