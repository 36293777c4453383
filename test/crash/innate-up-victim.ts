import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createHost } from '../support/host.ts';
import { type Innate, startInnate } from '../support/innate.ts';
import { Operator, type Reply, roles } from '../support/operator.ts';
import type { Victim } from './crash-rounds.ts';

export const groupName = 'crash';
export const vaultName = 'crash-kv';
const versions = {
  machines: 'api-version=2024-07-01',
  assignments: 'api-version=2022-04-01',
  secrets: 'api-version=7.5',
} as const;

/** What is there, as one reader sees it: keys of machines, of roles given to their identities, of secrets. */
export interface Presence {
  /** By key, the principal of the machine's identity. */
  readonly machines: ReadonlyMap<string, string>;
  readonly roles: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** A running `innate up` that performs `VERB/KEY`, each through the public API over TLS, as an operator. */
export class InnateVictim implements Victim {
  readonly #innate: Innate;
  readonly #operator: Operator;
  /** Principals of the machines that were acknowledged, over all rounds. */
  readonly #principals: Map<string, string>;

  private constructor(innate: Innate, operator: Operator, principals: Map<string, string>) {
    this.#innate = innate;
    this.#operator = operator;
    this.#principals = principals;
  }

  static async start(
    data: string,
    args: readonly string[],
    principals: Map<string, string>,
  ): Promise<InnateVictim> {
    const innate = await startInnate({ data, args });
    return new InnateVictim(innate, new Operator(innate.ready), principals);
  }

  get process() {
    return this.#innate.process;
  }

  /** The group, the vault, and the operator's right to its secrets. */
  async prepare(): Promise<void> {
    const operator = this.#operator;
    const vault = await operator.createVault(await operator.createGroup(groupName), vaultName);
    const token = await operator.token('https://vault.azure.net');
    const { oid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    await operator.assign(vault, roles.secretsOfficer, oid);
  }

  /** A machine that a host is enrolled for, with a credential of its identity. */
  async enrol(key: string): Promise<void> {
    await using host = await createHost(this.#operator);
    await this.perform(`machine/${key}`);
    await host.enrol(this.#machine(key));
  }

  async perform(operation: string): Promise<void> {
    const [verb = '', key = ''] = operation.split('/');
    const operator = this.#operator;
    const machine = `${this.#machine(key)}?${versions.machines}`;
    const assignment = `${assignmentsOf(this.#vault)}/${assignmentName(key)}?${versions.assignments}`;
    const secret = `/secrets/${key}?${versions.secrets}`;
    switch (verb) {
      case 'machine': {
        const content = { location: 'westeurope', identity: { type: 'SystemAssigned' }, properties: {} };
        const reply = await operator.arm('PUT', machine, content);
        this.#principals.set(key, reply.json().identity.principalId);
        return;
      }
      case 'gone':
        await operator.arm('DELETE', machine);
        return;
      case 'role': {
        const roleDefinitionId = `/providers/Microsoft.Authorization/roleDefinitions/${roles.secretsUser}`;
        const properties = { roleDefinitionId, principalId: this.#principals.get(key) };
        await operator.arm('PUT', assignment, { properties });
        return;
      }
      case 'unrole':
        await operator.arm('DELETE', assignment);
        return;
      case 'secret':
      case 'erase': {
        const [method, content] =
          verb === 'secret' ? (['PUT', { value: secretOf(key) }] as const) : ['DELETE'];
        const reply = await operator.vault(vaultName, method, secret, content);
        if (reply.status !== 200) throw new Error(`${operation}: ${reply.status} ${reply.body}`);
        return;
      }
      default:
        throw new TypeError(`no operation: ${operation}`);
    }
  }

  /** What the public API shows. */
  async seen(): Promise<Presence> {
    const operator = this.#operator;
    const list = async <Item>(first: string, from: (path: string) => Promise<Reply>) => {
      const items: Item[] = [];
      for (let next: string | undefined = first; next !== undefined; ) {
        const reply = await from(next);
        assert.equal(reply.status, 200, reply.body);
        const page = reply.json() as { value: Item[]; nextLink?: string | null };
        items.push(...page.value);
        const link = page.nextLink ?? undefined;
        next = link === undefined ? undefined : new URL(link).pathname + new URL(link).search;
      }
      return items;
    };
    const arm = (path: string) => operator.arm('GET', path);
    const machines = await list<{ name: string; identity: { principalId: string } }>(
      `${operator.group(groupName)}/providers/Microsoft.Compute/virtualMachines?${versions.machines}`,
      arm,
    );
    const assignments = await list<{ name: string; properties: { principalId: string } }>(
      `${assignmentsOf(this.#vault)}?${versions.assignments}&$filter=atScope()`,
      arm,
    );
    const secrets = await list<{ id: string }>(`/secrets?${versions.secrets}`, (path) =>
      operator.vault(vaultName, 'GET', path),
    );
    return {
      machines: new Map(machines.map(({ name, identity }) => [name, identity.principalId])),
      roles: new Set(assignments.map(({ name }) => name)),
      secrets: new Set(secrets.map(({ id }) => id.split('/').at(-1) ?? '')),
    };
  }

  async assertOpens(key: string): Promise<void> {
    const reply = await this.#operator.vault(vaultName, 'GET', `/secrets/${key}?${versions.secrets}`);
    assert.equal(reply.json().value, secretOf(key));
  }

  /** After its end, or to end it: leaves nothing but the data folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#operator[Symbol.dispose]();
    await this.#innate[Symbol.asyncDispose]();
  }

  #machine(key: string): string {
    return `${this.#operator.group(groupName)}/providers/Microsoft.Compute/virtualMachines/${key}`;
  }

  get #vault(): string {
    return `${this.#operator.group(groupName)}/providers/Microsoft.KeyVault/vaults/${vaultName}`;
  }
}

/** The name of the assignment that an operation on a key makes. */
export function assignmentName(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function assignmentsOf(scope: string): string {
  return `${scope}/providers/Microsoft.Authorization/roleAssignments`;
}

function secretOf(key: string): string {
  return `the value of ${key}`;
}
