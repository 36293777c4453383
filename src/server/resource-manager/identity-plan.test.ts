import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IdentityRequest } from '../../contract/arm.ts';
import type { CanonicalId, ClientId, PrincipalId } from '../../foundation/ids.ts';
import type { Attachment } from '../managed-identities/attachments.ts';
import { planIdentities } from './identity-plan.ts';
import { readIdentity } from './identity-request.ts';
import { identitySupportOf } from './identity-support-table.ts';

const type = 'Microsoft.Compute/virtualMachines';
const resourceId = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1';
const idOf = (name: string) =>
  `/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

function attached(name: string, isThere = true): Attachment {
  const principalId = `p-${name}` as PrincipalId;
  return {
    identityCanonical: idOf(name).toLowerCase() as CanonicalId,
    identityId: idOf(name),
    principalId,
    identity: isThere ? { principalId, clientId: `c-${name}` as ClientId } : undefined,
  };
}

/** Names by value: `{a: {}}` for identities that are sent. */
function plan(
  how: 'replace' | 'merge',
  kinds: string,
  sent: Readonly<Record<string, object | null>> | undefined,
  before: readonly Attachment[],
) {
  const request = {
    type: kinds,
    ...(sent === undefined
      ? {}
      : {
          userAssignedIdentities: Object.fromEntries(
            Object.entries(sent).map(([name, value]) => [idOf(name), value]),
          ),
        }),
  } as IdentityRequest;
  const wish = readIdentity(request, identitySupportOf(type), { resourceId, type });
  assert.ok(wish);
  const { added, removed, total } = planIdentities(wish, before, how, resourceId);
  const name = (id: string) => id.split('/').at(-1);
  return {
    added: added.map(({ id }) => name(id)),
    removed: removed.map(({ identityId }) => name(identityId)),
    total,
  };
}

const [a, b] = [attached('a'), attached('b')];

describe('a map of identities', () => {
  test('replaces on PUT and merges on PATCH', () => {
    assert.deepEqual(plan('replace', 'UserAssigned', { a: {} }, [a, b]), {
      added: [],
      removed: ['b'],
      total: 1,
    });
    assert.deepEqual(plan('merge', 'UserAssigned', { c: {} }, [a, b]), {
      added: ['c'],
      removed: [],
      total: 3,
    });
    assert.deepEqual(plan('merge', 'UserAssigned', { A: null, c: {} }, [a, b]), {
      added: ['c'],
      removed: ['a'],
      total: 2,
    });
  });

  test('that is absent leaves them on PATCH, and on PUT says nothing of what there shall be', () => {
    assert.deepEqual(plan('merge', 'UserAssigned', undefined, [a]), { added: [], removed: [], total: 1 });
    assert.throws(() => plan('replace', 'UserAssigned', undefined, [a]), { code: 'MissingIdentityIds' });
    assert.throws(() => plan('merge', 'UserAssigned', undefined, []), { code: 'MissingIdentityIds' });
    assert.throws(() => plan('replace', 'UserAssigned', {}, [a]), { code: 'MissingIdentityIds' });
  });

  test('goes with the kind', () => {
    for (const kinds of ['SystemAssigned', 'None']) {
      assert.deepEqual(plan('merge', kinds, undefined, [a, b]), { added: [], removed: ['a', 'b'], total: 0 });
    }
  });

  test('may not lose its last identity while the kind stays', () => {
    assert.throws(() => plan('merge', 'UserAssigned', { a: null }, [a]), {
      code: 'FailedIdentityOperation',
      message: /Request requires identities to be assigned\./,
    });
  });

  test('takes what is not attached from it without a word', () => {
    assert.deepEqual(plan('merge', 'UserAssigned', { x: null }, [a]), { added: [], removed: [], total: 1 });
  });

  test('names an identity that is gone until it is taken away, and adds the one that has its id now', () => {
    const gone = attached('gone', false);
    assert.deepEqual(plan('merge', 'UserAssigned', { c: {} }, [gone]), {
      added: ['c'],
      removed: [],
      total: 2,
    });
    assert.deepEqual(plan('merge', 'UserAssigned', { gone: {} }, [gone]), {
      added: ['gone'],
      removed: [],
      total: 1,
    });
    assert.deepEqual(plan('merge', 'UserAssigned', { gone: null, c: {} }, [gone]), {
      added: ['c'],
      removed: ['gone'],
      total: 1,
    });
  });

  test('repeats what answers show, of that identity and no other', () => {
    const shown = { principalId: 'P-A', clientId: 'C-A' };
    assert.deepEqual(plan('replace', 'UserAssigned', { a: shown }, [a]), {
      added: [],
      removed: [],
      total: 1,
    });
    const gone = attached('gone', false);
    const stale = { principalId: 'p-gone', clientId: 'anything' };
    assert.deepEqual(plan('replace', 'UserAssigned', { gone: stale }, [gone]).added, ['gone']);
    for (const [name, value] of [
      ['a', { principalId: 'p-a' }],
      ['a', { clientId: 'c-a' }],
      ['a', { principalId: 'p-a', clientId: 'c-b' }],
      ['b', shown],
      ['c', shown],
      ['gone', { principalId: 'p-a', clientId: 'c-a' }],
    ] as const) {
      assert.throws(() => plan('replace', 'UserAssigned', { [name]: value }, [a, b, gone]), {
        code: 'InvalidIdentityValues',
      });
    }
  });
});
