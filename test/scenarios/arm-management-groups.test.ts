import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ManagementGroupsAPI } from '@azure/arm-managementgroups';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { type Body, type TestManagement, type TestPrincipal, testManagement } from '../support/management.ts';

const version = 'api-version=2023-04-01';
const id = (name: string) => `/providers/Microsoft.Management/managementGroups/${name}`;
const below = (parent: string) => ({ properties: { details: { parent: { id: id(parent) } } } });
const code = (body: Body) => body?.error?.code;

/** The management surface with a tree: Corp over Sales, and Labs beside it, all under the root group. */
async function tree() {
  const m = await testManagement();
  const as = m.home.owner;
  const ask = (method: string, path: string, body?: Body, who: TestPrincipal = as) =>
    m.ask(method, `${path}${path.includes('?') ? '&' : '?'}${version}`, {
      as: who,
      ...(body === undefined ? {} : { body }),
    });
  const make = async (name: string, parent: string) => {
    const made = await ask('PUT', id(name), below(parent));
    assert.equal(made.status, 200, made.text);
  };
  await make('Corp', m.home.tenantId);
  await make('Sales', 'corp');
  await make('Labs', m.home.tenantId);
  const place = async (group: string) => {
    const placed = await ask('PUT', `${id(group)}/subscriptions/${m.home.subscriptionId}`);
    assert.equal(placed.status, 200, placed.text);
  };
  const reads = async (who: TestPrincipal) => {
    const { status } = await m.ask(
      'GET',
      `/subscriptions/${m.home.subscriptionId}/resourceGroups?api-version=2022-09-01`,
      { as: who },
    );
    return status === 200;
  };
  return { m, ask, make, place, reads, [Symbol.asyncDispose]: () => m[Symbol.asyncDispose]() };
}

function clients(m: TestManagement, who: TestPrincipal) {
  const options = azureClientOptions(m);
  return {
    groups: new ManagementGroupsAPI(azureCredential(who), options),
    authorization: new AuthorizationManagementClient(azureCredential(who), m.home.subscriptionId, options),
  };
}

describe('management groups', () => {
  test('are made, moved, read with what is below and above, and deleted by the official client, unmodified', async () => {
    await using m = await testManagement();
    const { tenantId, subscriptionId, owner } = m.home;
    const { groups } = clients(m, owner);
    const { managementGroups, managementGroupSubscriptions, entities } = groups;

    const free = { name: 'Corp', type: 'Microsoft.Management/managementGroups' } as const;
    assert.equal((await groups.checkNameAvailability(free)).nameAvailable, true);
    const made = await managementGroups.beginCreateOrUpdateAndWait('Corp', { displayName: 'Corporation' });
    assert.equal(made.id, id('Corp'));
    assert.equal(made.displayName, 'Corporation');
    assert.equal(made.tenantId, tenantId);
    assert.equal(made.details?.parent?.id, id(tenantId));
    assert.equal(made.details?.version, 1);
    await managementGroups.beginCreateOrUpdateAndWait('Sales', { details: { parent: { id: id('corp') } } });
    await managementGroups.beginCreateOrUpdateAndWait('Labs', {});
    const taken = await groups.checkNameAvailability({ ...free, name: 'corp' });
    assert.deepEqual([taken.nameAvailable, taken.reason], [false, 'AlreadyExists']);

    const placed = await managementGroupSubscriptions.create('Sales', subscriptionId);
    assert.equal(placed.parent?.id, id('Sales'));
    assert.equal(placed.tenant, tenantId);
    assert.equal(
      (await managementGroupSubscriptions.getSubscription('Sales', subscriptionId)).name,
      subscriptionId,
    );
    const held = managementGroupSubscriptions.listSubscriptionsUnderManagementGroup('Sales');
    assert.deepEqual(
      (await collect(held)).map(({ name }) => name),
      [subscriptionId],
    );

    const root = await managementGroups.get(tenantId, { expand: 'children', recurse: true });
    assert.equal(root.displayName, 'Tenant Root Group');
    assert.deepEqual(
      root.children?.map(({ name }) => name),
      ['Corp', 'Labs'],
    );
    assert.equal(root.children?.[0]?.children?.[0]?.name, 'Sales');
    assert.equal(root.children?.[0]?.children?.[0]?.children?.[0]?.id, `/subscriptions/${subscriptionId}`);
    const direct = await managementGroups.get('corp', { expand: 'children' });
    assert.deepEqual(
      direct.children?.map(({ name, children }) => [name, children]),
      [['Sales', undefined]],
    );
    const path = await managementGroups.get('Sales', { expand: 'path' });
    assert.deepEqual(
      path.details?.path?.map(({ name }) => name),
      [tenantId, 'Corp'],
    );
    const bare = await managementGroups.get('Sales', {
      expand: 'children',
      filter: 'children.childType ne Subscription',
    });
    assert.deepEqual(bare.children, []);

    assert.deepEqual(
      (await collect(managementGroups.list())).map(({ name }) => name).sort(),
      ['Corp', 'Labs', 'Sales', tenantId].sort(),
    );
    const descendants = await collect(managementGroups.listDescendants(tenantId, { top: 2 }));
    assert.deepEqual(
      descendants.map(({ name }) => name),
      ['Corp', 'Labs', 'Sales', subscriptionId],
    );
    const seen = await collect(entities.list());
    assert.deepEqual(
      seen.map(({ name }) => name).sort(),
      ['Corp', 'Labs', 'Sales', subscriptionId, tenantId].sort(),
    );
    const subscription = seen.find(({ name }) => name === subscriptionId);
    assert.deepEqual(subscription?.parentNameChain, [tenantId, 'Corp', 'Sales']);
    assert.equal(subscription?.permissions, 'delete');
    assert.equal(seen.find(({ name }) => name === tenantId)?.numberOfDescendants, 4);

    const moved = await managementGroups.update('Sales', {
      displayName: 'Sales and more',
      parentGroupId: id('Labs'),
    });
    assert.deepEqual(
      [moved.displayName, moved.details?.parent?.name, moved.details?.version],
      ['Sales and more', 'Labs', 2],
    );
    await assert.rejects(managementGroups.beginDeleteAndWait('Labs'), { statusCode: 409 });
    await assert.rejects(managementGroups.beginDeleteAndWait('Sales'), { statusCode: 409 });
    await managementGroupSubscriptions.delete('Sales', subscriptionId);
    await managementGroupSubscriptions.delete('Sales', subscriptionId);
    await managementGroups.beginDeleteAndWait('Sales');
    await managementGroups.beginDeleteAndWait('Labs');
    await managementGroups.beginDeleteAndWait('Labs');
    await assert.rejects(managementGroups.get('Labs'), { statusCode: 404 });
    assert.equal((await groups.tenantBackfillStatus()).status, 'Completed');
  });

  test('carry roles that all below them inherits, through the official clients, unmodified', async () => {
    await using at = await tree();
    const { m } = at;
    const { subscriptionId, owner } = m.home;
    const { authorization, groups } = clients(m, owner);
    await at.place('Sales');
    const reader = await m.application(m.home, 'reader');
    const [role] = await collect(
      authorization.roleDefinitions.list(id('Corp'), { filter: "roleName eq 'Reader'" }),
    );
    assert.match(role?.id ?? '', /^\/providers\/Microsoft\.Authorization\/roleDefinitions\//);
    const name = systemRandomness.uuid();
    const made = await authorization.roleAssignments.create(id('corp'), name, {
      roleDefinitionId: `${id('Corp')}${role?.id}`,
      principalId: reader.principalId,
    });
    assert.equal(made.scope, id('Corp'));
    assert.equal(made.id, `${id('Corp')}/providers/Microsoft.Authorization/roleAssignments/${name}`);

    const inherited = async (scope: string, filter?: string) =>
      (await collect(authorization.roleAssignments.listForScope(scope, filter ? { filter } : {}))).filter(
        (each) => each.name === name,
      ).length === 1;
    const subscription = `/subscriptions/${subscriptionId}`;
    assert.ok(await inherited(subscription, 'atScope()'));
    assert.ok(await inherited(`${subscription}`));
    assert.ok(await inherited(id('Sales'), 'atScope()'));
    assert.ok(await inherited(id(m.home.tenantId)));
    assert.ok(!(await inherited(id(m.home.tenantId), 'atScope()')));
    assert.ok(!(await inherited(id('Labs'))));
    assert.ok(await inherited(subscription, `assignedTo('${reader.principalId}')`));

    assert.ok(await at.reads(reader));
    const mine = await m.ask('GET', '/subscriptions?api-version=2022-12-01', { as: reader });
    assert.deepEqual(
      mine.body.value.map((each: Body) => each.subscriptionId),
      [subscriptionId],
    );
    const theirs = clients(m, reader);
    assert.deepEqual(
      (await collect(theirs.groups.managementGroups.list())).map((each) => each.name),
      ['Corp', 'Sales'],
    );
    assert.deepEqual(
      (await collect(theirs.groups.entities.list())).map((each) => [each.name, each.permissions]),
      [
        ['Corp', 'view'],
        ['Sales', 'view'],
        [subscriptionId, 'view'],
      ],
    );
    await assert.rejects(theirs.groups.managementGroups.get('Labs'), { statusCode: 403 });

    // a list at a group has what was assigned in the subscriptions below it
    const lower = systemRandomness.uuid();
    await authorization.roleAssignments.create(`${subscription}`, lower, {
      roleDefinitionId: role?.id ?? '',
      principalId: reader.principalId,
    });
    const names = async (scope: string) =>
      (await collect(authorization.roleAssignments.listForScope(scope))).map((each) => each.name);
    assert.ok((await names(id('Corp'))).includes(lower));
    assert.ok(!(await names(id('Labs'))).includes(lower));
    await authorization.roleAssignments.delete(subscription, lower);

    await authorization.roleAssignments.delete(id('Corp'), name);
    assert.ok(!(await at.reads(reader)));
    await assert.rejects(groups.managementGroups.beginDeleteAndWait(m.home.tenantId), { statusCode: 400 });
  });

  test('give and take rights in a subscription at once, when it goes from one to another', async () => {
    await using at = await tree();
    const { m } = at;
    const seller = await m.application(m.home, 'seller');
    const scientist = await m.application(m.home, 'scientist');
    await m.assign(m.home, seller, 'Reader', id('Corp'));
    await m.assign(m.home, scientist, 'Reader', id('Labs'));
    const both = async () => [await at.reads(seller), await at.reads(scientist)];
    assert.deepEqual(await both(), [false, false]);
    await at.place('Sales');
    assert.deepEqual(await both(), [true, false]);
    await at.place('Labs');
    assert.deepEqual(await both(), [false, true]);
    // a whole branch goes as well
    await at.place('Sales');
    assert.equal((await at.ask('PATCH', id('Sales'), { parentGroupId: id('Labs') })).status, 200);
    assert.deepEqual(await both(), [false, true]);
    const out = await at.ask('DELETE', `${id('Sales')}/subscriptions/${m.home.subscriptionId}`);
    assert.equal(out.status, 200);
    assert.deepEqual(await both(), [false, false]);
    const everywhere = await m.application(m.home, 'everywhere');
    await m.assign(m.home, everywhere, 'Reader', id(m.home.tenantId));
    assert.ok(await at.reads(everywhere));
  });

  test('hold a subscription from its birth on, where its alias names one', async () => {
    await using at = await tree();
    const { m } = at;
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', id('Corp'));
    const put = async (alias: string, managementGroupId: string, as = m.home.owner) => {
      const path = `/providers/Microsoft.Subscription/aliases/${alias}?api-version=2021-10-01`;
      const body = { properties: { displayName: alias, additionalProperties: { managementGroupId } } };
      return await m.ask('PUT', path, { as, body });
    };
    const made = await put('born', id('sales'));
    assert.equal(made.status, 201, made.text);
    const subscription = `/subscriptions/${made.body.properties.subscriptionId}`;
    const read = await m.ask('GET', `${subscription}?api-version=2022-12-01`, { as: reader });
    assert.equal(read.status, 200, read.text);
    assert.equal((await put('lost', id('nothing'))).status, 404);
    assert.equal((await put('lost', 'Sales')).status, 400);
    const again = await m.ask(
      'GET',
      '/providers/Microsoft.Subscription/aliases/lost?api-version=2021-10-01',
      {
        as: m.home.owner,
      },
    );
    assert.equal(again.status, 404, 'and no subscription is left behind');
  });

  test('take the role assignments made at them with them, and leave nothing to one of the same name', async () => {
    await using at = await tree();
    const { m } = at;
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', id('Labs'));
    assert.equal((await at.ask('DELETE', id('labs'))).status, 202);
    assert.equal((await at.ask('DELETE', id('labs'))).status, 204);
    await at.make('Labs', m.home.tenantId);
    await at.place('Labs');
    assert.ok(!(await at.reads(reader)));
  });

  test('are below the root group at most six levels deep, never in a circle', async () => {
    await using at = await tree();
    const { tenantId } = at.m.home;
    let parent = 'Sales';
    for (const level of [3, 4, 5, 6]) {
      await at.make(`level${level}`, parent);
      parent = `level${level}`;
    }
    assert.equal(
      code((await at.ask('PUT', id('deep'), below('level6'))).body),
      'ManagementGroupDepthExceeded',
    );
    const branch = await at.ask('PATCH', id('Corp'), { parentGroupId: id('Labs') });
    assert.deepEqual([branch.status, code(branch.body)], [400, 'ManagementGroupDepthExceeded']);
    for (const own of ['Corp', 'Sales', 'level6']) {
      const circle = await at.ask('PATCH', id('Corp'), { parentGroupId: id(own) });
      assert.deepEqual([circle.status, code(circle.body)], [400, 'BadRequest'], own);
    }
    const root = await at.ask('PATCH', id(tenantId), { parentGroupId: id('Labs') });
    assert.deepEqual([root.status, code(root.body)], [400, 'BadRequest']);
    const renamed = await at.ask('PATCH', id(tenantId), { displayName: 'Everything' });
    assert.equal(renamed.body.properties.displayName, 'Everything');
    assert.equal(renamed.body.properties.details.parent, undefined);
    assert.deepEqual(
      (await at.ask('GET', `${id(tenantId)}?$expand=children`)).body.properties.children.map(
        (each: Body) => each.name,
      ),
      ['Corp', 'Labs', at.m.home.subscriptionId],
    );
  });

  test('with bad names, parents, bodies and queries are refused', async () => {
    await using at = await tree();
    const { subscriptionId } = at.m.home;
    const wrong: readonly [string, string, Body, number, string][] = [
      ['PUT', id('-x'), {}, 400, 'InvalidManagementGroupName'],
      ['PUT', id('x'.repeat(91)), {}, 400, 'InvalidManagementGroupName'],
      ['PUT', id('new'), below('nothing'), 404, 'NotFound'],
      ['PUT', id('new'), { properties: { details: { parent: { id: 'Corp' } } } }, 400, 'BadRequest'],
      ['PUT', id('new'), { properties: { details: { parent: { id: 7 } } } }, 400, 'InvalidRequestContent'],
      ['PUT', id('new'), { properties: { displayName: '\0' } }, 400, 'InvalidRequestContent'],
      ['PUT', id('new'), { properties: { displayName: 'x'.repeat(257) } }, 400, 'InvalidRequestContent'],
      ['PUT', id('new'), { properties: { displayName: '' } }, 400, 'BadRequest'],
      ['PATCH', id('new'), {}, 404, 'NotFound'],
      ['PATCH', id('Corp'), { parentGroupId: `/subscriptions/${subscriptionId}` }, 400, 'BadRequest'],
      ['GET', id('nothing'), undefined, 404, 'NotFound'],
      ['GET', `${id('Corp')}?$expand=everything`, undefined, 400, 'BadRequest'],
      ['GET', `${id('Corp')}?$recurse=true`, undefined, 400, 'BadRequest'],
      ['GET', `${id('Corp')}?$filter=name`, undefined, 400, 'BadRequest'],
      ['PUT', `${id('Corp')}/subscriptions/none`, undefined, 400, 'InvalidSubscriptionId'],
      ['PUT', `${id('nothing')}/subscriptions/${subscriptionId}`, undefined, 404, 'NotFound'],
      [
        'PUT',
        `${id('Corp')}/subscriptions/${systemRandomness.uuid()}`,
        undefined,
        404,
        'SubscriptionNotFound',
      ],
      ['GET', `${id('Corp')}/subscriptions/${subscriptionId}`, undefined, 404, 'NotFound'],
      ['GET', `${id('nothing')}/descendants`, undefined, 404, 'NotFound'],
      [
        'POST',
        '/providers/Microsoft.Management/getEntities?$search=AllowedParents',
        undefined,
        400,
        'BadRequest',
      ],
      ['POST', '/providers/Microsoft.Management/getEntities?$filter=a', undefined, 400, 'BadRequest'],
      ['POST', '/providers/Microsoft.Management/getEntities?groupName=nothing', undefined, 404, 'NotFound'],
    ];
    for (const [method, path, body, status, expected] of wrong) {
      const reply = await at.ask(method, path, body);
      assert.deepEqual(
        [reply.status, code(reply.body)],
        [status, expected],
        `${method} ${path}: ${reply.text}`,
      );
    }
    const nowhere = `${id('nothing')}/providers/Microsoft.Authorization/roleAssignments`;
    assert.equal(
      code((await at.m.ask('GET', `${nowhere}?api-version=2022-04-01`, { as: at.m.home.owner })).body),
      'NotFound',
    );
    const invalid = await at.ask('POST', '/providers/Microsoft.Management/checkNameAvailability', {
      name: 'a b',
    });
    assert.equal(invalid.body.reason, 'Invalid');
  });

  test('of another tenant are as if they were not, and hold none of its subscriptions', async () => {
    await using at = await tree();
    const { foreign, home } = at.m;
    const as = foreign.owner;
    assert.equal((await at.ask('GET', id('Corp'), undefined, as)).status, 404);
    assert.equal((await at.ask('GET', id(home.tenantId), undefined, as)).status, 404);
    assert.equal(
      code(
        (await at.ask('PUT', `${id(foreign.tenantId)}/subscriptions/${home.subscriptionId}`, undefined, as))
          .body,
      ),
      'SubscriptionNotFound',
    );
    assert.deepEqual(
      (await at.ask('GET', '/providers/Microsoft.Management/managementGroups', undefined, as)).body.value.map(
        (each: Body) => each.name,
      ),
      [foreign.tenantId],
    );
    // the same name in both tenants is two groups
    assert.equal((await at.ask('PUT', id('Corp'), {}, as)).status, 200);
    const mine = await at.m.application(home, 'mine');
    await at.m.assign(home, mine, 'Owner', id('Corp'));
    await at.ask('PUT', `${id('Corp')}/subscriptions/${foreign.subscriptionId}`, undefined, as);
    const path = `/subscriptions/${foreign.subscriptionId}/resourceGroups?api-version=2022-09-01`;
    assert.equal(code((await at.m.ask('GET', path, { as: mine })).body), 'InvalidAuthenticationTokenTenant');
    assert.equal((await at.ask('DELETE', id('Corp'), undefined, as)).status, 409);
    assert.equal((await at.ask('GET', id('Sales'))).body.properties.details.parent.name, 'Corp');
  });
});

describe('nobody governs more by moving what is governed:', () => {
  /** Who has which role where, tries to put the subscription under Labs, in which it is Owner. */
  async function tries(at: Awaited<ReturnType<typeof tree>>, rights: readonly (readonly [string, string])[]) {
    const { m } = at;
    const mover = await m.application(m.home, `mover ${systemRandomness.uuid()}`);
    await m.assign(m.home, mover, 'Owner', id('Labs'));
    for (const [role, scope] of rights) await m.assign(m.home, mover, role, scope);
    const path = `${id('Labs')}/subscriptions/${m.home.subscriptionId}`;
    return (await at.ask('PUT', path, undefined, mover)).status;
  }

  test('who owns the target needs to give rights in the subscription, and to write where it is', async () => {
    await using at = await tree();
    const subscription = `/subscriptions/${at.m.home.subscriptionId}`;
    await at.place('Corp');
    assert.equal(await tries(at, []), 403);
    assert.equal(await tries(at, [['Contributor', subscription]]), 403);
    assert.equal(await tries(at, [['User Access Administrator', subscription]]), 403);
    assert.equal(await tries(at, [['Owner', subscription]]), 403, 'without the source');
    assert.equal(await tries(at, [['Management Group Contributor', id('Corp')]]), 403);
    assert.equal(await tries(at, [['Contributor', id('Corp')]]), 403);
    assert.equal(
      await tries(at, [
        ['Owner', subscription],
        ['Management Group Contributor', id('Corp')],
      ]),
      200,
    );
    // from the root group, where no right is asked for, the subscription's owner may
    await at.place(at.m.home.tenantId);
    assert.equal(await tries(at, []), 403);
    assert.equal(await tries(at, [['Contributor', subscription]]), 403);
    assert.equal(await tries(at, [['Owner', subscription]]), 200);
  });

  test('who owns a subscription needs a right at the target', async () => {
    await using at = await tree();
    const { m } = at;
    const owner = await m.application(m.home, 'owner');
    await m.assign(m.home, owner, 'Owner', `/subscriptions/${m.home.subscriptionId}`);
    const put = (group: string) =>
      at.ask('PUT', `${id(group)}/subscriptions/${m.home.subscriptionId}`, undefined, owner);
    assert.equal((await put('Labs')).status, 403);
    await m.assign(m.home, owner, 'Reader', id('Labs'));
    assert.equal((await put('Labs')).status, 403);
    await m.assign(m.home, owner, 'Management Group Contributor', id('Labs'));
    assert.equal((await put('Labs')).status, 200);
    // and back to the root group it needs none there
    assert.equal((await put(m.home.tenantId)).status, 200);
    const stranger = await m.application(m.home, 'stranger');
    const probe = `${id(m.home.tenantId)}/subscriptions/${m.home.subscriptionId}`;
    const refused = await at.ask('PUT', probe, undefined, stranger);
    assert.deepEqual([refused.status, code(refused.body)], [403, 'AuthorizationFailed']);
  });

  test('who takes a subscription out of a group needs the rights of moving it', async () => {
    await using at = await tree();
    const { m } = at;
    await at.place('Labs');
    const path = `${id('Labs')}/subscriptions/${m.home.subscriptionId}`;
    const contributor = await m.application(m.home, 'contributor');
    await m.assign(m.home, contributor, 'Management Group Contributor', id('Labs'));
    assert.equal((await at.ask('DELETE', path, undefined, contributor)).status, 403);
    await m.assign(m.home, contributor, 'Owner', `/subscriptions/${m.home.subscriptionId}`);
    assert.equal((await at.ask('DELETE', path, undefined, contributor)).status, 200);
  });

  test('who may write groups makes none elsewhere, owns none that it makes, and puts no other below its own', async () => {
    await using at = await tree();
    const { m } = at;
    const writer = await m.application(m.home, 'writer');
    await m.assign(m.home, writer, 'Management Group Contributor', id('Corp'));
    const put = (name: string, parent: string) => at.ask('PUT', id(name), below(parent), writer);
    assert.equal((await put('mine', 'Corp')).status, 200);
    assert.equal((await put('mine2', 'Labs')).status, 403);
    assert.equal((await put('mine2', m.home.tenantId)).status, 403);
    assert.equal((await at.ask('PUT', id('mine2'), {}, writer)).status, 403, 'the root is the parent of old');
    assert.equal((await put('mine2', 'no-such-group')).status, 403);
    // making it gave no right to give rights
    const assignment = `${id('mine')}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}`;
    const properties = {
      roleDefinitionId:
        '/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
      principalId: writer.principalId,
    };
    const given = await m.ask('PUT', `${assignment}?api-version=2022-04-01`, {
      as: writer,
      body: { properties },
    });
    assert.equal(given.status, 403);
    // an owner of one branch does not take another into it
    const owner = await m.application(m.home, 'owner of mine');
    await m.assign(m.home, owner, 'Owner', id('mine'));
    await m.assign(m.home, owner, 'Management Group Contributor', id('Corp'));
    const taking = (moved: string) => at.ask('PATCH', id(moved), { parentGroupId: id('mine') }, owner);
    assert.equal((await taking('Sales')).status, 403);
    assert.equal((await at.ask('PUT', id('Sales'), below('mine'), owner)).status, 403);
    assert.equal((await taking('Labs')).status, 403);
    await m.assign(m.home, owner, 'Owner', id('Sales'));
    assert.equal((await taking('Sales')).status, 200);
  });

  test('who owns the root group does not own the tenant', async () => {
    await using at = await tree();
    const { m } = at;
    const owner = await m.application(m.home, 'owner of the root');
    await m.assign(m.home, owner, 'Owner', id(m.home.tenantId));
    assert.ok(await at.reads(owner));
    const assignment = `/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}`;
    const properties = {
      roleDefinitionId:
        '/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
      principalId: owner.principalId,
    };
    const given = await m.ask('PUT', `${assignment}?api-version=2022-04-01`, {
      as: owner,
      body: { properties },
    });
    assert.equal(given.status, 403);
  });
});
