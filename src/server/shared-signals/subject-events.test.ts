import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventTypes } from '../../contract/shared-signals.ts';
import { subjectEvents } from './subject-events.ts';
import type { SubjectFacts } from './subject-facts.ts';

const before: SubjectFacts = {
  kind: 'application',
  enabled: true,
  createdAt: 1000,
  tokensValidFrom: 1000,
  credentials: ['certificate b', 'secret a'],
  roles: ['role /'],
  groups: [],
  revokedKeys: [],
};

function typesOf(after: Partial<SubjectFacts> | undefined, restorable = false, from = before) {
  const facts = after === undefined ? undefined : { ...before, ...after };
  const events = subjectEvents(from, facts, { restorable, at: 5999 });
  for (const { payload } of events) assert.equal(payload['event_timestamp'], 5);
  return events.map(({ type }) => type);
}

describe('what receivers hear of a change', () => {
  test('is nothing where nothing is different, or the subject is new', () => {
    assert.deepEqual(typesOf({}), []);
    assert.deepEqual(subjectEvents(undefined, before, { restorable: false, at: 0 }), []);
    const revoked = subjectEvents(
      undefined,
      { ...before, tokensValidFrom: 1001 },
      { restorable: false, at: 0 },
    );
    assert.deepEqual(
      revoked.map(({ type }) => type),
      [eventTypes.sessionRevoked],
      'but its tokens may have been revoked already',
    );
    assert.deepEqual(subjectEvents(undefined, undefined, { restorable: false, at: 0 }), []);
  });

  test('is the end of a session for whatever ends tokens', () => {
    const ended = eventTypes.sessionRevoked;
    assert.deepEqual(typesOf({ tokensValidFrom: 2000 }), [ended]);
    assert.deepEqual(typesOf({ enabled: false }), [eventTypes.accountDisabled, ended]);
    assert.deepEqual(typesOf(undefined), [eventTypes.accountPurged, ended]);
    assert.deepEqual(typesOf(undefined, true), [eventTypes.accountDisabled, ended]);
    assert.deepEqual(typesOf({ revokedKeys: ['k'] }), [ended]);
    assert.deepEqual(typesOf({}, false, { ...before, enabled: false }), [eventTypes.accountEnabled]);
  });

  test('names each credential that came or went, and what its kind is called', () => {
    const events = subjectEvents(
      before,
      { ...before, credentials: ['federated c', 'secret a'] },
      { restorable: false, at: 0 },
    );
    assert.deepEqual(
      events.map(({ payload }) => [
        payload['change_type'],
        payload['credential_type'],
        payload['friendly_name'],
      ]),
      [
        ['revoke', 'x509', 'b'],
        ['create', 'federated_identity_credential', 'c'],
      ],
    );
  });

  test('says what roles and groups are now', () => {
    const [event] = subjectEvents(
      before,
      { ...before, roles: [], groups: ['g'] },
      { restorable: false, at: 0 },
    );
    assert.equal(event?.type, eventTypes.tokenClaimsChange);
    assert.deepEqual(event?.payload['claims'], { roles: [], groups: ['g'] });
  });
});
