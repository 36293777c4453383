import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import type { AppRole } from '../../contract/graph-application.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import {
  type AssigneeType,
  assignAppRole,
  deleteAppRoleAssignment,
  selectAssignmentsOf,
  selectAssignmentsTo,
} from './app-role-assignments.ts';
import { defaultAccess } from './app-roles.ts';

const id = () => systemRandomness.uuid();
const role = (more: Partial<AppRole> = {}): AppRole => ({
  id: id(),
  value: 'R',
  displayName: 'r',
  description: 'r',
  allowedMemberTypes: ['Application'],
  isEnabled: true,
  ...more,
});

describe('an app role', () => {
  let database: Database;
  let tenantId: TenantId;
  before(async () => {
    database = await testDatabase();
    tenantId = await testTenant(database);
  });
  after(() => database[Symbol.asyncDispose]());

  const at = 1;
  const give = (
    principal: { readonly id: string; readonly type: AssigneeType },
    resource: { readonly principalId: string; readonly appRoles: readonly AppRole[] },
    appRoleId: string,
  ) =>
    database.transaction((tx) =>
      assignAppRole(tx, { tenantId, principal, resource, appRoleId, at }, systemRandomness),
    );
  const refused = (work: Promise<unknown>, kind: string) =>
    assert.rejects(work, (error: DomainError) => error.kind === kind);

  test('is given once, to those it is meant for, while it is enabled', async () => {
    const [apps, people, off] = [role(), role({ allowedMemberTypes: ['User'] }), role({ isEnabled: false })];
    const api = { principalId: id(), appRoles: [apps, people, off] };
    const client = { id: id(), type: 'ServicePrincipal' as const };
    const made = await give(client, api, apps.id);
    assert.equal(made.principalId, client.id);
    await refused(give(client, api, apps.id), 'already-exists');
    await refused(give(client, api, people.id), 'invalid-value');
    await refused(give(client, api, off.id), 'invalid-value');
    await refused(give(client, api, id()), 'invalid-value');
    await refused(give({ id: id(), type: 'Group' }, api, apps.id), 'invalid-value');
    await give({ id: id(), type: 'Group' }, api, people.id);
    await give(client, api, defaultAccess);
    assert.equal((await selectAssignmentsOf(database.read, tenantId, client.id)).length, 2);
    const to = await selectAssignmentsTo(database.read, tenantId, api.principalId, { limit: 2 });
    const rest = await selectAssignmentsTo(database.read, tenantId, api.principalId, {
      after: to.at(-1)?.assignmentId ?? '',
      limit: 9,
    });
    assert.equal(new Set([...to, ...rest].map(({ assignmentId }) => assignmentId)).size, 3);
  });

  test('is taken away through whoever has it or gives it, in its tenant', async () => {
    const api = { principalId: id(), appRoles: [role()] };
    const appRoleId = api.appRoles[0]?.id ?? '';
    const client = { id: id(), type: 'ServicePrincipal' as const };
    const { assignmentId } = await give(client, api, appRoleId);
    const take = (of: Parameters<typeof deleteAppRoleAssignment>[1]['of'], tenant = tenantId) =>
      database.transaction((tx) => deleteAppRoleAssignment(tx, { tenantId: tenant, assignmentId, of, at }));
    assert.equal(await take({ principalId: id() }), undefined);
    assert.equal(await take({ resourceId: client.id }), undefined);
    assert.equal(await take({ principalId: client.id }, await testTenant(database)), undefined);
    assert.equal((await take({ resourceId: api.principalId }))?.principalId, client.id);
    assert.equal(await take({ principalId: client.id }), undefined);
    const again = await give(client, api, appRoleId);
    assert.notEqual(again.assignmentId, assignmentId);
  });
});
