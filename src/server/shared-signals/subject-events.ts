import { eventTypes } from '../../contract/shared-signals.ts';
import type { SubjectFacts } from './subject-facts.ts';

/** One member of `events`: the type's URI and what the type says. */
export interface SubjectEvent {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const credentialTypes: Readonly<Record<string, string>> = {
  secret: 'client_secret',
  certificate: 'x509',
  federated: 'federated_identity_credential',
};

/**
 * What receivers are to hear of the difference between two states of a subject (CAEP 1.0, RISC 1.0). A subject that is
 * new is no news by itself; what has ended of it since it was made is.
 *
 * @param known `undefined` where receivers know nothing of it yet
 * @param after `undefined` where it is gone
 * @param restorable whether what is gone can come back
 * @param at milliseconds since the epoch
 */
export function subjectEvents(
  known: SubjectFacts | undefined,
  after: SubjectFacts | undefined,
  { restorable, at }: { readonly restorable: boolean; readonly at: number },
): readonly SubjectEvent[] {
  const before = known ?? (after && { ...after, enabled: true, tokensValidFrom: after.createdAt });
  if (before === undefined) return [];
  const event_timestamp = Math.floor(at / 1000);
  const event = (type: string, payload: object = {}): SubjectEvent => ({
    type,
    payload: { event_timestamp, ...payload },
  });
  const ended = (why: string) =>
    event(eventTypes.sessionRevoked, { initiating_entity: 'admin', reason_admin: { en: why } });
  if (after === undefined) {
    return restorable
      ? [event(eventTypes.accountDisabled), ended('The account is deleted.')]
      : [event(eventTypes.accountPurged), ended('The account is gone.')];
  }
  const events: SubjectEvent[] = [];
  if (before.enabled && !after.enabled) {
    events.push(event(eventTypes.accountDisabled), ended('The account is disabled.'));
  } else if (after.tokensValidFrom > before.tokensValidFrom) {
    events.push(ended('Tokens from before are revoked.'));
  }
  if (!before.enabled && after.enabled) events.push(event(eventTypes.accountEnabled));
  for (const kid of added(before.revokedKeys, after.revokedKeys)) {
    events.push(ended(`The signing key ${kid} is revoked.`));
  }
  for (const [change_type, credentials] of [
    ['revoke', added(after.credentials, before.credentials)],
    ['create', added(before.credentials, after.credentials)],
  ] as const) {
    for (const credential of credentials) {
      const [kind = '', id] = credential.split(' ');
      const credential_type = credentialTypes[kind] ?? kind;
      events.push(event(eventTypes.credentialChange, { change_type, credential_type, friendly_name: id }));
    }
  }
  const claims = {
    ...(same(before.roles, after.roles) ? {} : { roles: after.roles }),
    ...(same(before.groups, after.groups) ? {} : { groups: after.groups }),
  };
  if (Object.keys(claims).length > 0) events.push(event(eventTypes.tokenClaimsChange, { claims }));
  return events;
}

function added(before: readonly string[], after: readonly string[]): readonly string[] {
  const known = new Set(before);
  return after.filter((value) => !known.has(value));
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}
