import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { parseExpression } from './claims-expression.ts';
import type { FederatedCredential, SubjectRule } from './federated-credential.ts';
import { matchCredential } from './match.ts';

const issuer = 'https://token.actions.githubusercontent.com';
const subject = 'repo:contoso/orders:ref:refs/heads/main';
const audience = 'api://AzureADTokenExchange';

function credential(rule: SubjectRule, changes: Partial<FederatedCredential> = {}): FederatedCredential {
  return {
    credentialId: 'c',
    tenantId: guid<TenantId>('11111111-1111-4111-8111-111111111111'),
    clientId: guid<ClientId>('22222222-2222-4222-8222-222222222222'),
    name: 'main',
    issuer,
    subject: rule,
    audience,
    description: undefined,
    trust: {},
    pinned: undefined,
    createdAt: 0,
    ...changes,
  };
}

const exact = credential({ kind: 'exact', subject });

function expression(value: string): SubjectRule {
  return { kind: 'expression', value, expression: parseExpression(value) };
}

function outcome(
  presented: { issuer?: string; subject?: string; audience?: string },
  credentials: readonly FederatedCredential[] = [exact],
): string {
  const claims = { sub: presented.subject ?? subject, repository_id: '7' };
  const result = matchCredential(credentials, { issuer, subject, audience, claims, ...presented });
  return result.kind === 'matched' ? result.credential.credentialId : result.by;
}

describe('which credential a token is for', () => {
  test('the one of its issuer, audience and subject', () => {
    assert.equal(outcome({}), 'c');
    assert.equal(outcome({}, []), 'none-configured');
  });

  test('near misses are misses (T15)', () => {
    const table: readonly (readonly [string, { issuer?: string; subject?: string; audience?: string }])[] = [
      ['issuer', { issuer: `${issuer}/` }],
      ['issuer', { issuer: issuer.toUpperCase() }],
      ['issuer', { issuer: `${issuer}:443` }],
      ['issuer', { issuer: issuer.replace('https', 'http') }],
      ['issuer', { issuer: issuer.replace('com', 'соm') }],
      ['issuer', { issuer: ` ${issuer}` }],
      ['issuer', { issuer: issuer.replace('://', '://x@') }],
      ['issuer', { issuer: '' }],
      ['audience', { audience: `${audience}/` }],
      ['audience', { audience: audience.toLowerCase() }],
      ['audience', { audience: '' }],
      ['case-of-subject', { subject: subject.toUpperCase() }],
      ['case-of-subject', { subject: subject.replace('contoso', 'Contoso') }],
      ['subject', { subject: `${subject}x` }],
      ['subject', { subject: subject.slice(0, -1) }],
      ['subject', { subject: `x${subject}` }],
      ['subject', { subject: `${subject} ` }],
      ['subject', { subject: `${subject}\0` }],
      ['subject', { subject: subject.replace('contoso', 'cоntoso') }],
      ['subject', { subject: encodeURIComponent(subject) }],
      ['subject', { subject: subject.replace('/', '%2F') }],
      ['subject', { subject: subject.replace('main', 'mai\u0301n') }],
      ['subject', { subject: '' }],
      ['subject', { subject: '*' }],
      ['subject', { subject: subject.repeat(1000) }],
    ];
    for (const [expected, presented] of table) {
      assert.equal(outcome(presented), expected, JSON.stringify(presented).slice(0, 100));
    }
  });

  test('a star in a plain subject is a star', () => {
    const starred = credential({ kind: 'exact', subject: 'repo:contoso/*' });
    assert.equal(outcome({}, [starred]), 'subject');
    assert.equal(outcome({ subject: 'repo:contoso/*' }, [starred]), 'c');
  });

  test('composed and decomposed letters are different letters', () => {
    const composed = credential({ kind: 'exact', subject: 'caf\u00e9' });
    assert.equal(outcome({ subject: 'cafe\u0301' }, [composed]), 'subject');
  });

  test('a token that two credentials would take is taken by none', () => {
    const wide = credential(
      expression("claims['sub'] matches 'repo:contoso/*' and claims['repository_id'] eq '7'"),
      { credentialId: 'wide' },
    );
    assert.equal(outcome({}, [wide]), 'wide');
    assert.equal(outcome({}, [exact, wide]), 'several');
    assert.equal(outcome({ subject: 'repo:contoso/billing:pull_request' }, [exact, wide]), 'wide');
  });
});
