import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KyselyPlugin } from 'kysely';
import { type PrincipalId, parseGuid } from '../../src/foundation/ids.ts';
import { readDirectoryAudits } from '../../src/server/audit/directory-audits.ts';
import { selectPrincipal } from '../../src/server/directory/directory-store.ts';
import { testDatabase } from '../support/database.ts';
import { carrying, changesSince, type IdentityWorld, identityWorld } from '../support/identity-world.ts';
import type { Body, Reply } from '../support/management.ts';

const both = 'SystemAssigned, UserAssigned';

function refused(reply: Reply, status: number, code: string, message?: RegExp): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.body.error.code, code, reply.text);
  assert.equal(reply.headers['x-ms-failure-cause'], 'gateway');
  if (message !== undefined) assert.match(reply.body.error.message, message);
}

/** Names of the user-assigned identities that an answer shows, sorted. */
function carried({ body }: Reply): readonly string[] {
  return Object.keys(body.identity?.userAssignedIdentities ?? {})
    .map((id) => id.replace(/.*\/id-/i, ''))
    .sort();
}

async function stands({ m }: IdentityWorld, principalId: string): Promise<boolean> {
  const id = parseGuid<PrincipalId>(principalId);
  assert.ok(id);
  return (await selectPrincipal(m.database.read, m.home.tenantId, id)) !== undefined;
}

/** The key as tools spell it when they take an identity away. */
const lower = (id: string) => id.toLowerCase();

describe('a resource with identities', () => {
  test('shows the ids of each, and its own apart', async () => {
    await using w = await identityWorld();
    const [a, b] = [await w.identity('a'), await w.identity('b')];
    const made = await w.putVm(carrying('systemassigned,userassigned', a.id, b.id));
    assert.equal(made.status, 201, made.text);
    const { identity } = made.body;
    assert.deepEqual(Object.keys(identity), ['type', 'principalId', 'tenantId', 'userAssignedIdentities']);
    assert.equal(identity.type, both);
    assert.equal(identity.tenantId, w.m.home.tenantId);
    assert.ok(await stands(w, identity.principalId));
    assert.deepEqual(identity.userAssignedIdentities, {
      [a.id]: { principalId: a.principalId, clientId: a.clientId },
      [b.id]: { principalId: b.principalId, clientId: b.clientId },
    });
    assert.deepEqual((await w.getVm()).body.identity, identity);
    const only = await w.putVm(carrying('userassigned', a.id));
    assert.deepEqual(Object.keys(only.body.identity), ['type', 'userAssignedIdentities']);
    assert.equal(only.body.identity.type, 'UserAssigned');
  });

  test('keeps the spelling of an id, but for the group of a virtual machine’s, and knows it in any other', async () => {
    await using w = await identityWorld();
    const a = await w.identity('MyIdentity');
    const sent = a.id.replace('/resourceGroups/', '/resourcegroups/').replace('MyIdentity', 'MYidentity');
    const made = await w.putVm(carrying('UserAssigned', sent));
    assert.equal(made.status, 201, made.text);
    const shown = sent.replace('/resourcegroups/', '/resourceGroups/');
    assert.deepEqual(Object.keys(made.body.identity.userAssignedIdentities), [shown]);
    const again = await w.patchVm(carrying('UserAssigned', lower(a.id)));
    assert.deepEqual(Object.keys(again.body.identity.userAssignedIdentities), [shown]);
    assert.equal(again.body.identity.userAssignedIdentities[shown].principalId, a.principalId);
  });

  test('accepts what it answered, and nothing that it never did', async () => {
    await using w = await identityWorld();
    const [a, b] = [await w.identity('a'), await w.identity('b')];
    const { body } = await w.putVm(carrying(both, a.id));
    for (const how of [w.putVm, w.patchVm]) {
      const again = await how(body.identity);
      assert.equal(again.status, 200, again.text);
      assert.deepEqual(again.body.identity, body.identity);
    }
    const values: readonly Body[] = [
      { principalId: b.principalId, clientId: b.clientId },
      { principalId: a.principalId },
      { ...body.identity.userAssignedIdentities[a.id], more: 1 },
      'x',
    ];
    for (const value of values) {
      const identity = { type: both, userAssignedIdentities: { [a.id]: value } };
      refused(
        await w.putVm(identity),
        400,
        'InvalidIdentityValues',
        /empty json objects, null or the resource/,
      );
    }
    const foreign = { [b.id]: { principalId: b.principalId, clientId: b.clientId } };
    refused(await w.patchVm({ type: both, userAssignedIdentities: foreign }), 400, 'InvalidIdentityValues');
    assert.deepEqual((await w.getVm()).body.identity, body.identity);
  });
});

describe('PATCH and PUT of a virtual machine’s identities', () => {
  const rows: readonly {
    readonly name: string;
    /** Kinds, then names of what is attached, lower case. */
    readonly before: readonly [string, ...string[]];
    readonly how: 'putVm' | 'patchVm';
    readonly kinds: string | undefined;
    /** `-name` takes away. */
    readonly map?: readonly string[];
    readonly after: readonly [string | undefined, ...string[]];
  }[] = [
    {
      name: 'own and a: PATCH adds b',
      before: [both, 'a'],
      how: 'patchVm',
      kinds: both,
      map: ['b'],
      after: [both, 'a', 'b'],
    },
    {
      name: 'a and b: PATCH takes a',
      before: ['UserAssigned', 'a', 'b'],
      how: 'patchVm',
      kinds: 'UserAssigned',
      map: ['-a'],
      after: ['UserAssigned', 'b'],
    },
    {
      name: 'own, a and b: PATCH to own alone',
      before: [both, 'a', 'b'],
      how: 'patchVm',
      kinds: 'SystemAssigned',
      after: ['SystemAssigned'],
    },
    {
      name: 'own and a: PATCH to user-assigned without a map',
      before: [both, 'a'],
      how: 'patchVm',
      kinds: 'UserAssigned',
      after: ['UserAssigned', 'a'],
    },
    {
      name: 'own and a: PATCH of both without a map',
      before: [both, 'a'],
      how: 'patchVm',
      kinds: both,
      after: [both, 'a'],
    },
    { name: 'own and a: PATCH None', before: [both, 'a'], how: 'patchVm', kinds: 'None', after: [undefined] },
    {
      name: 'own and a: PATCH without the block',
      before: [both, 'a'],
      how: 'patchVm',
      kinds: undefined,
      after: [both, 'a'],
    },
    {
      name: 'a: PATCH to own, with null as tools send it',
      before: ['UserAssigned', 'a'],
      how: 'patchVm',
      kinds: 'SystemAssigned',
      map: ['-a'],
      after: ['SystemAssigned'],
    },
    {
      name: 'a: PATCH swaps it for b',
      before: ['UserAssigned', 'a'],
      how: 'patchVm',
      kinds: 'UserAssigned',
      map: ['-a', 'b'],
      after: ['UserAssigned', 'b'],
    },
    {
      name: 'a and b: PUT of a',
      before: ['UserAssigned', 'a', 'b'],
      how: 'putVm',
      kinds: 'UserAssigned',
      map: ['a'],
      after: ['UserAssigned', 'a'],
    },
    {
      name: 'own and a: PUT without the block',
      before: [both, 'a'],
      how: 'putVm',
      kinds: undefined,
      after: [both, 'a'],
    },
    { name: 'own: PUT None', before: ['SystemAssigned'], how: 'putVm', kinds: 'None', after: [undefined] },
    {
      name: 'own: PUT of own',
      before: ['SystemAssigned'],
      how: 'putVm',
      kinds: 'SystemAssigned',
      after: ['SystemAssigned'],
    },
    {
      name: 'own: PATCH adds a',
      before: ['SystemAssigned'],
      how: 'patchVm',
      kinds: both,
      map: ['a'],
      after: [both, 'a'],
    },
  ];
  test('follow what was observed at Azure, row by row', async (each) => {
    for (const { name, before, how, kinds, map, after } of rows) {
      await each.test(name, async () => {
        await using w = await identityWorld();
        const ids = new Map<string, string>();
        for (const one of ['a', 'b']) ids.set(one, (await w.identity(one)).id);
        const idOf = (one: string) => ids.get(one) ?? assert.fail();
        const [kindsBefore, ...attached] = before;
        const was = await w.putVm(
          attached.length === 0 ? { type: kindsBefore } : carrying(kindsBefore, ...attached.map(idOf)),
        );
        assert.equal(was.status, 201, was.text);
        const sent = map?.map((one): [string, Body] =>
          one.startsWith('-') ? [lower(idOf(one.slice(1))), null] : [lower(idOf(one)), {}],
        );
        const now = await w[how](
          kinds === undefined
            ? undefined
            : {
                type: kinds,
                ...(sent === undefined ? {} : { userAssignedIdentities: Object.fromEntries(sent) }),
              },
        );
        assert.equal(now.status, 200, now.text);
        const [kindsAfter, ...expected] = after;
        assert.equal(now.body.identity?.type, kindsAfter);
        assert.deepEqual(carried(now), expected);
        const own = was.body.identity.principalId;
        const keepsOwn = kindsAfter?.includes('SystemAssigned') === true;
        if (own !== undefined) {
          assert.equal(await stands(w, own), keepsOwn);
          assert.equal(now.body.identity?.principalId, keepsOwn ? own : undefined);
        }
        assert.deepEqual((await w.getVm()).body.identity, now.body.identity);
      });
    }
  });

  test('the last user-assigned identity goes only with its kind', async () => {
    await using w = await identityWorld();
    const a = await w.identity('a');
    await w.putVm(carrying('UserAssigned', a.id));
    const take = { type: 'UserAssigned', userAssignedIdentities: { [lower(a.id)]: null } };
    refused(
      await w.patchVm(take),
      400,
      'FailedIdentityOperation',
      /Request requires identities to be assigned/,
    );
    refused(await w.putVm({ type: 'UserAssigned' }), 400, 'MissingIdentityIds');
    assert.deepEqual(carried(await w.getVm()), ['a']);
    await w.patchVm({ type: 'None' });
    refused(await w.patchVm({ type: 'UserAssigned' }), 400, 'MissingIdentityIds');
    assert.equal((await w.getVm()).body.identity, undefined);
  });

  test('its own identity is another one after it was away, and holds nothing of the first (T16)', async () => {
    await using w = await identityWorld();
    const first = (await w.putVm({ type: 'SystemAssigned' })).body.identity;
    await w.m.assign(w.m.home, first, 'Reader', w.group);
    await w.patchVm({ type: 'None' });
    const second = (await w.patchVm({ type: 'SystemAssigned' })).body.identity;
    assert.notEqual(second.principalId, first.principalId);
    const held = await w.m.database.read
      .selectFrom('role_assignments')
      .select('assignment_id')
      .where('principal_id', 'in', [first.principalId, second.principalId])
      .execute();
    assert.deepEqual(held, []);
  });
});

describe('an identity that is added', () => {
  test('must be one that the caller may assign; those that stay or go are not asked about', async () => {
    await using w = await identityWorld();
    const { m } = w;
    const [a, b, c] = [await w.identity('a'), await w.identity('b'), await w.identity('c')];
    const writer = await m.application(m.home, 'writer');
    await m.assign(m.home, writer, 'Virtual Machine Contributor', w.vm);
    assert.equal((await w.putVm(carrying(both, a.id))).status, 201);
    const as = { as: writer };
    refused(
      await w.patchVm(carrying(both, b.id, c.id), as),
      403,
      'LinkedAuthorizationFailed',
      new RegExp(
        `^The client '${writer.clientId}' with object id '${writer.principalId}' has permission to perform action 'Microsoft\\.Compute/virtualMachines/write' on scope '${w.vm}'; however, it does not have permission to perform action 'Microsoft\\.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope\\(s\\) '${b.id},${c.id}' or the linked scope\\(s\\) are invalid\\.$`,
      ),
    );
    // what is not there is not told from what may not be assigned
    refused(await w.patchVm(carrying(both, `${a.id}x`), as), 403, 'LinkedAuthorizationFailed');
    assert.deepEqual(carried(await w.getVm()), ['a']);

    assert.equal((await w.patchVm(carrying(both, a.id), as)).status, 200, 'retained');
    assert.equal((await w.putVm(carrying(both, a.id), as)).status, 200, 'retained by PUT');
    await m.assign(m.home, writer, 'Managed Identity Operator', b.id);
    refused(
      await w.patchVm(carrying(both, b.id, c.id), as),
      403,
      'LinkedAuthorizationFailed',
      new RegExp(`linked scope\\(s\\) '${c.id}' or`),
    );
    assert.deepEqual(carried(await w.patchVm(carrying(both, b.id), as)), ['a', 'b']);
    const removed = await w.patchVm({ type: 'SystemAssigned' }, as);
    assert.equal(removed.status, 200, removed.text);
    refused(await w.patchVm(carrying(both, a.id), as), 403, 'LinkedAuthorizationFailed');
  });

  test('may be assigned by an operator and by a contributor of its group, not by who only manages it', async () => {
    await using w = await identityWorld();
    const { m } = w;
    const a = await w.identity('a');
    for (const [role, status] of [
      ['Managed Identity Operator', 201],
      ['Contributor', 201],
      ['Managed Identity Contributor', 403],
      ['Reader', 403],
    ] as const) {
      const who = await m.application(m.home, role);
      const name = role.replaceAll(' ', '');
      const vm = `${w.group}/providers/Microsoft.Compute/virtualMachines/${name}`;
      await m.assign(m.home, who, 'Virtual Machine Contributor', vm);
      await m.assign(m.home, who, role, w.group);
      const reply = await w.putVm(carrying('UserAssigned', a.id), { as: who, name });
      assert.equal(reply.status, status, `${role}: ${reply.text}`);
      if (status === 403) assert.equal(reply.body.error.code, 'LinkedAuthorizationFailed');
    }
  });

  test('must be there, and be an identity of the tenant', async () => {
    await using w = await identityWorld();
    const { m } = w;
    const a = await w.identity('a');
    const absent = a.id.replace('/id-a', '/Absent').replace('demo/', 'Other/');
    refused(
      await w.putVm(carrying('UserAssigned', absent)),
      400,
      'FailedIdentityOperation',
      new RegExp(
        `^Identity operation for resource '${w.vm}' failed with error 'Failed to perform resource identity operation\\. Status: 'BadRequest'\\. Response: '\\{"error":\\{"code":"BadRequest","message":"Resource '${absent.replace('resourceGroups', 'resourcegroups')}' was not found\\."\\}\\}'\\.'\\.$`,
      ),
    );
    refused(await w.putVm(carrying('UserAssigned', w.vm)), 400, 'LinkedInvalidPropertyId');
    refused(await w.putVm(carrying('UserAssigned', a.principalId)), 400, 'LinkedInvalidPropertyId');
    assert.equal((await w.getVm()).status, 404);

    const { foreign } = m;
    const group = `/subscriptions/${foreign.subscriptionId}/resourceGroups/theirs`;
    const theirs = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
    const as = foreign.owner;
    await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
    await m.ask('PUT', `${theirs}?api-version=2024-11-30`, { as, body: { location: 'westus' } });
    const nowhere = '99999999-9999-4999-8999-999999999999';
    for (const [id, subscription] of [
      [theirs, foreign.subscriptionId],
      [theirs.replace(foreign.subscriptionId, nowhere), nowhere],
    ] as const) {
      refused(
        await w.putVm(carrying('UserAssigned', id)),
        403,
        'LinkedAuthorizationFailed',
        new RegExp(
          `current tenant '${m.home.tenantId}' is not authorized to access linked subscription '${subscription}'`,
        ),
      );
    }
  });

  test('is refused with what is wrong about the block itself', async () => {
    await using w = await identityWorld();
    const a = await w.identity('a');
    refused(
      await w.putVm({ type: 'SystemAssigned', userAssignedIdentities: { [a.id]: {} } }),
      400,
      'FailedIdentityOperation',
      /a non-UserAssigned identity type should not contain: userAssignedIdentities/,
    );
    refused(await w.putVm({ type: 'Everything' }), 400, 'InvalidIdentityType');
    refused(
      await w.putVm({ userAssignedIdentities: { [a.id]: {} } }),
      400,
      'InvalidRequestContent',
      /Required property 'type' not found in JSON\. Path 'identity'\./,
    );
    const old = await w.putVm({ type: 'UserAssigned', identityIds: [a.id] });
    assert.deepEqual([old.status, old.body.error.code], [400, 'InvalidParameter']);
    assert.match(old.body.error.message, /^ResourceIdentity property identityIds is deprecated\./);
  });

  test('is one of at most 150 in a request', async () => {
    await using w = await identityWorld();
    const ids = Array.from(
      { length: 151 },
      (_, at) => `${w.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${at}`,
    );
    refused(
      await w.putVm(carrying('UserAssigned', ...ids)),
      400,
      'FailedIdentityOperation',
      /User Assigned Identities Number '151' Assign exceed limit '150' in one request\./,
    );
    refused(
      await w.putVm(carrying('UserAssigned', ...ids.slice(1))),
      400,
      'FailedIdentityOperation',
      /was not found/,
    );
  });

  test('may be isolated to its region', async () => {
    await using w = await identityWorld();
    const near = await w.identity('near', { properties: { isolationScope: 'Regional' } });
    const far = await w.identity('far', { location: 'eastus', properties: { isolationScope: 'Regional' } });
    refused(
      await w.putVm(carrying('UserAssigned', far.id)),
      400,
      'FailedIdentityOperation',
      /is isolated to the region 'eastus' and cannot be assigned to a resource in 'westus'/,
    );
    assert.equal((await w.putVm(carrying('UserAssigned', near.id))).status, 201);
    await w.identity('far', { location: 'eastus' });
    refused(await w.patchVm(carrying('UserAssigned', far.id)), 400, 'FailedIdentityOperation');
    await w.identity('far', { location: 'eastus', properties: { isolationScope: 'None' } });
    assert.equal((await w.patchVm(carrying('UserAssigned', far.id))).status, 200);
  });

  test('may be restricted to providers and types', async () => {
    await using w = await identityWorld();
    const providers = (...names: string[]) => ({
      properties: { assignmentRestrictions: { providers: names } },
    });
    for (const [names, status] of [
      [['Microsoft.Storage/storageAccounts'], 400],
      [['Microsoft.Comp'], 400],
      [['Microsoft.Compute/virtualMachineScaleSets'], 400],
      [['Microsoft.Storage', 'microsoft.compute'], 200],
      [['MICROSOFT.COMPUTE/VIRTUALMACHINES'], 200],
      [[], 200],
    ] as const) {
      const { id } = await w.identity('a', providers(...names));
      await w.putVm({ type: 'None' });
      const reply = await w.patchVm(carrying('UserAssigned', id));
      assert.equal(reply.status, status, `${names.join()}: ${reply.text}`);
      if (status === 400)
        refused(reply, 400, 'FailedIdentityOperation', /cannot be assigned to resources of the type/);
    }
    const odd = await w.m.ask(
      'PUT',
      `${w.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a?api-version=2026-05-31`,
      { as: w.m.home.owner, body: { location: 'westus', ...providers('Microsoft.Compute/*') } },
    );
    assert.equal(odd.status, 400, odd.text);
  });
});

describe('a user-assigned identity that is deleted', () => {
  test('is named by its resources without ids until they let it go', async () => {
    await using w = await identityWorld();
    const [a, b] = [await w.identity('a'), await w.identity('b')];
    await w.putVm(carrying('UserAssigned', a.id, b.id));
    await w.deleteIdentity(a.id);
    const { identity } = (await w.getVm()).body;
    assert.deepEqual(identity.userAssignedIdentities[a.id], {});
    assert.equal(identity.userAssignedIdentities[b.id].clientId, b.clientId);
    refused(await w.putVm(identity), 400, 'FailedIdentityOperation', /was not found/);
    refused(
      await w.patchVm({ type: 'UserAssigned', userAssignedIdentities: { [a.id]: a } }),
      400,
      'InvalidIdentityValues',
    );
    assert.deepEqual(carried(await w.patchVm(carrying('UserAssigned', b.id))), ['a', 'b']);
    const freed = await w.patchVm({ type: 'UserAssigned', userAssignedIdentities: { [lower(a.id)]: null } });
    assert.equal(freed.status, 200, freed.text);
    assert.deepEqual(carried(freed), ['b']);
  });

  test('does not come back with another one of its name, unless that one is assigned', async () => {
    await using w = await identityWorld();
    const first = await w.identity('a');
    await w.putVm(carrying(both, first.id));
    await w.deleteIdentity(first.id);
    const second = await w.identity('a');
    assert.notEqual(second.principalId, first.principalId);
    const shown = async () => (await w.getVm()).body.identity.userAssignedIdentities[first.id];
    assert.deepEqual(await shown(), {});
    for (const write of [
      await w.patchVm(undefined),
      await w.patchVm({ type: both }),
      await w.putVm(undefined),
    ]) {
      assert.equal(write.status, 200, write.text);
    }
    assert.deepEqual(await shown(), {});
    const listed = await w.m.ask(
      'POST',
      `${first.id}/listAssociatedResources?api-version=2022-01-31-preview`,
      {
        as: w.m.home.owner,
      },
    );
    assert.equal(listed.body.totalCount, 0, 'the new one is attached to nothing');

    const writer = await w.m.application(w.m.home, 'writer');
    await w.m.assign(w.m.home, writer, 'Virtual Machine Contributor', w.vm);
    refused(await w.patchVm(carrying(both, first.id), { as: writer }), 403, 'LinkedAuthorizationFailed');
    assert.equal((await w.patchVm(carrying(both, first.id))).status, 200);
    assert.equal((await shown()).principalId, second.principalId);
  });
});

describe('attaching and detaching', () => {
  test('tells the hosts, and leaves a record of who did it (C20)', async () => {
    await using w = await identityWorld();
    const { m } = w;
    const [a, b] = [await w.identity('a'), await w.identity('b')];
    await w.putVm({ type: 'None' });
    const told = async (work: () => Promise<unknown>) => {
      const last = (await changesSince(m, 0)).at(-1)?.seq ?? 0;
      await work();
      return (await changesSince(m, last)).filter(
        ({ kind, key }) => kind === 'machine' && key === lower(w.vm),
      ).length;
    };
    assert.equal(await told(() => w.patchVm(carrying('UserAssigned', a.id))), 1);
    assert.equal(await told(() => w.patchVm(carrying('UserAssigned', a.id))), 0, 'nothing changed');
    assert.equal(await told(() => w.putVm(carrying('UserAssigned', b.id))), 2);
    assert.equal(await told(() => w.deleteIdentity(b.id)), 1);
    assert.equal(await told(() => w.deleteVm()), 1);

    const where = { kind: 'lists', column: 'target_ids', id: a.principalId } as const;
    const { rows } = await readDirectoryAudits(m.database.read, m.home.tenantId, { where, limit: 10 });
    const seen = rows
      .toReversed()
      .map(({ activity, initiatedBy, targets: [target] }) => [
        activity.name,
        initiatedBy.kind === 'application' && (initiatedBy.principalId ?? initiatedBy.displayName),
        target?.modified.map(({ oldValue, newValue }) => [oldValue, newValue]),
      ]);
    const id = JSON.stringify(w.vm);
    assert.deepEqual(seen, [
      ['Add service principal', 'Managed Service Identity', []],
      ['Update service principal', m.home.owner.principalId, [[undefined, id]]],
      ['Update service principal', m.home.owner.principalId, [[id, undefined]]],
    ]);
  });

  test('ends with the resource; the identity lives on, and its name inherits nothing', async () => {
    await using w = await identityWorld();
    const a = await w.identity('a');
    const made = await w.putVm(carrying(both, a.id));
    await w.deleteVm();
    assert.ok(await stands(w, a.principalId));
    assert.ok(!(await stands(w, made.body.identity.principalId)));
    const again = await w.putVm(undefined);
    assert.equal(again.status, 201);
    assert.equal(again.body.identity, undefined);
    assert.deepEqual(await w.m.database.read.selectFrom('identity_attachments').selectAll().execute(), []);
  });

  test('happens with the write of the resource or not at all', async () => {
    await using w = await identityWorld();
    const a = await w.identity('a');
    await w.putVm({ type: 'SystemAssigned' });
    const before = (await w.getVm()).body;
    refused(
      await w.patchVm(carrying('UserAssigned', a.id, `${a.id}-absent`)),
      400,
      'FailedIdentityOperation',
    );
    assert.deepEqual((await w.getVm()).body, before);
    assert.ok(await stands(w, before.identity.principalId));
  });
});

describe('writes at the same time', () => {
  test('each add their identity, and none is lost', async () => {
    await using w = await identityWorld();
    await w.putVm({ type: 'None' });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const ids: string[] = [];
    for (const name of names) ids.push((await w.identity(name)).id);
    const replies = await Promise.all(ids.map((id) => w.patchVm(carrying('UserAssigned', id))));
    for (const reply of replies) assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(carried(await w.getVm()), names);
  });

  test('that add the same make one principal and one attachment of it', async () => {
    await using w = await identityWorld();
    const a = await w.identity('a');
    await w.putVm({ type: 'None' });
    const replies = await Promise.all(Array.from({ length: 5 }, () => w.patchVm(carrying(both, a.id))));
    for (const reply of replies) assert.equal(reply.status, 200, reply.text);
    const own = new Set(replies.map(({ body }) => body.identity.principalId));
    assert.equal(own.size, 1);
    assert.deepEqual(carried(await w.getVm()), ['a']);
  });
});

describe('an identity of another subscription of the tenant', () => {
  test('may be assigned by who may assign it there', async () => {
    await using w = await identityWorld();
    const { m } = w;
    const as = m.home.owner;
    const alias = await m.ask(
      'PUT',
      '/providers/Microsoft.Subscription/aliases/second?api-version=2021-10-01',
      {
        as,
        body: { properties: { displayName: 'second', workload: 'DevTest' } },
      },
    );
    const group = `/subscriptions/${alias.body.properties.subscriptionId}/resourceGroups/shared`;
    const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared`;
    await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'eastus' } });
    const made = await m.ask('PUT', `${id}?api-version=2024-11-30`, { as, body: { location: 'eastus' } });
    assert.equal(made.status, 201, made.text);
    const writer = await m.application(m.home, 'writer');
    await m.assign(m.home, writer, 'Contributor', w.group);
    refused(await w.putVm(carrying('UserAssigned', id), { as: writer }), 403, 'LinkedAuthorizationFailed');
    await m.assign(m.home, writer, 'Managed Identity Operator', id);
    const reply = await w.putVm(carrying('UserAssigned', id), { as: writer });
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.body.identity.userAssignedIdentities[id].clientId, made.body.properties.clientId);
  });
});

describe('a list of resources', () => {
  test('asks the database for all their identities at once', async () => {
    await using database = await testDatabase();
    let asked = 0;
    const counting: KyselyPlugin = {
      transformQuery({ node }) {
        if (JSON.stringify(node).includes('"identity_attachments"')) asked += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    await using w = await identityWorld({
      database: { ...database, read: database.read.withPlugin(counting) },
    });
    const [a, b] = [await w.identity('a'), await w.identity('b')];
    for (const name of ['vm1', 'vm2', 'vm3', 'vm4']) {
      assert.equal((await w.putVm(carrying(both, a.id, b.id), { name })).status, 201);
    }
    for (const path of [
      `${w.group}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01`,
      `${w.group}/resources?api-version=2022-09-01`,
    ]) {
      asked = 0;
      const { body } = await w.m.ask('GET', path, { as: w.m.home.owner });
      const machines = body.value.filter(({ identity }: Body) => identity !== undefined);
      assert.equal(machines.length, 4);
      for (const { identity } of machines)
        assert.equal(Object.keys(identity.userAssignedIdentities).length, 2);
      assert.equal(asked, 1, path);
    }
  });
});
