import assert from 'node:assert/strict';
import type { CanonicalId } from '../../src/foundation/ids.ts';
import {
  type Body,
  type Reply,
  type TestManagement,
  type TestManagementOptions,
  type TestPrincipal,
  testManagement,
} from './management.ts';

const identityVersion = 'api-version=2024-11-30';
const computeVersion = 'api-version=2024-07-01';

/** Ids of an identity as the resource manager answers them. */
export interface MadeIdentity {
  /** The ARM id, with `resourceGroups`. */
  readonly id: string;
  readonly principalId: string;
  readonly clientId: string;
}

/** A group in which resources carry identities; everything is asked by the owner unless told. */
export interface IdentityWorld extends AsyncDisposable {
  readonly m: TestManagement;
  readonly group: string;
  readonly vm: string;
  /** Makes a user-assigned identity named `id-<name>`. */
  identity(name: string, body?: object): Promise<MadeIdentity>;
  deleteIdentity(id: string): Promise<void>;
  putVm(
    identity: Body | undefined,
    options?: { readonly as?: TestPrincipal; readonly name?: string },
  ): Promise<Reply>;
  patchVm(identity: Body | undefined, options?: { readonly as?: TestPrincipal }): Promise<Reply>;
  getVm(): Promise<Reply>;
  deleteVm(): Promise<void>;
}

export async function identityWorld(options: TestManagementOptions = {}): Promise<IdentityWorld> {
  const m = await testManagement(options);
  const { owner, subscriptionId } = m.home;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/demo`;
  const machines = `${group}/providers/Microsoft.Compute/virtualMachines`;
  const vm = `${machines}/vm1`;
  const made = await m.ask('PUT', `${group}?api-version=2022-09-01`, {
    as: owner,
    body: { location: 'westus' },
  });
  assert.equal(made.status, 201, made.text);
  return {
    m,
    group,
    vm,
    async identity(name, body = {}) {
      const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-${name}`;
      const reply = await m.ask('PUT', `${id}?${identityVersion}`, {
        as: owner,
        body: { location: 'westus', ...body },
      });
      assert.ok([200, 201].includes(reply.status), reply.text);
      const { principalId, clientId } = reply.body.properties;
      return { id, principalId, clientId };
    },
    async deleteIdentity(id) {
      assert.equal((await m.ask('DELETE', `${id}?${identityVersion}`, { as: owner })).status, 200);
    },
    putVm: (identity, { as = owner, name = 'vm1' } = {}) =>
      m.ask('PUT', `${machines}/${name}?${computeVersion}`, {
        as,
        body: { location: 'westus', ...(identity === undefined ? {} : { identity }), properties: {} },
      }),
    patchVm: (identity, { as = owner } = {}) =>
      m.ask('PATCH', `${vm}?${computeVersion}`, { as, body: identity === undefined ? {} : { identity } }),
    getVm: () => m.ask('GET', `${vm}?${computeVersion}`, { as: owner }),
    async deleteVm() {
      assert.equal((await m.ask('DELETE', `${vm}?${computeVersion}`, { as: owner })).status, 202);
    },
    [Symbol.asyncDispose]: () => m[Symbol.asyncDispose](),
  };
}

/** The `identity` member of a body that carries these. */
export function carrying(kinds: string, ...ids: readonly string[]): Body {
  return { type: kinds, userAssignedIdentities: Object.fromEntries(ids.map((id) => [id, {}])) };
}

/** Who the kinds of change of a resource's identities were told to, from a place of the change log on. */
export async function changesSince(
  { database }: TestManagement,
  after: number,
): Promise<readonly { readonly seq: number; readonly kind: string; readonly key: CanonicalId }[]> {
  const rows = await database.read
    .selectFrom('change_log')
    .select(['seq', 'kind', 'key'])
    .where('seq', '>', after)
    .orderBy('seq')
    .execute();
  return rows.map(({ seq, kind, key }) => ({ seq, kind, key: key as CanonicalId }));
}
