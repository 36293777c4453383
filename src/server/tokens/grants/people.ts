import type { Clock } from '../../../foundation/clock.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import type { Database } from '../../storage/database.ts';
import { readClaimsRequest } from '../claims-request.ts';
import type { IssuedRefreshToken, RefreshFacts } from '../refresh-tokens.ts';
import type { RedirectKind } from '../registered-clients.ts';
import type { TokenDecision } from '../token-decision.ts';
import { given, type TokenForm } from '../token-form.ts';
import type { ActingClient, UserAnswers } from '../user-answers.ts';

/** What grants for people are made of. */
export interface PeopleParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly answers: UserAnswers;
}

/** Parameters that all of them take. */
export interface UserParameters {
  readonly scope: string | undefined;
  /** v1 only. */
  readonly resource: string | undefined;
  readonly clientInfo: boolean;
  readonly capabilities: readonly string[];
}

export function readCommon(form: TokenForm): UserParameters {
  return {
    scope: given(form, 'scope'),
    resource: given(form, 'resource'),
    clientInfo: given(form, 'client_info') === '1',
    capabilities: readClaimsRequest(given(form, 'claims')).capabilities,
  };
}

/** What a refresh token's holder has to show beside it. */
export function bindingOf(client: ActingClient, redirectKind: RedirectKind): RefreshFacts['binding'] {
  if (redirectKind === 'spa') return 'spa';
  return client.proof === 'none' ? 'public' : 'confidential';
}

export function withRefreshToken(
  decision: TokenDecision,
  refreshToken: IssuedRefreshToken | undefined,
): TokenDecision {
  const { alongside } = decision;
  if (refreshToken === undefined || alongside === undefined) return decision;
  const { text, expiresIn } = refreshToken;
  return {
    ...decision,
    alongside: { ...alongside, refreshToken: text, refreshTokenExpiresIn: expiresIn },
  };
}
