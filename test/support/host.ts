import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Agent } from '../../src/agent/agent.ts';
import { createAgent } from '../../src/agent/compose.ts';
import { type Credential, loadCredential } from '../../src/agent/credential.ts';
import { KeyFiles } from '../../src/agent/key-files.ts';
import { azureProfile, ownProfile } from '../../src/contract/cloud-profile.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import type { Operator } from './operator.ts';

/** A host of its own beside the server's, with the real agent: it can be any number of resources. */
export interface Host extends AsyncDisposable {
  readonly agent: Agent;
  /** Enrols this host as a resource, and asks for a token as a program on it would. */
  enrol(resourceId: string, resource?: string): Promise<string>;
  /** Ends the agent, and gives what the identity of an enrolled resource signs with. */
  takeCredential(resourceId: string): Promise<Credential>;
}

export async function createHost(operator: Operator): Promise<Host> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-host-'));
  const { ready } = operator;
  const profile =
    ready.profile === 'azure'
      ? azureProfile
      : ownProfile(new URL(ready.endpoints.login).host.replace(/^login\./, ''));
  const agent = await createAgent({
    folder,
    profile,
    connect: { host: '127.0.0.1', port: operator.port, ca: operator.ca },
    clock: systemClock,
    randomness: systemRandomness,
    log: silentLog,
    limits: { fetching: { rate: 1e6, burst: 1e6, concurrent: 1e6 } },
  });
  const files = new KeyFiles(folder, systemRandomness);
  return {
    agent,
    async enrol(resourceId, resource = 'https://vault.azure.net') {
      await agent.enrol(await operator.joinToken(resourceId));
      return await askForToken(agent, resourceId, resource);
    },
    async takeCredential(resourceId) {
      const machine = agent.machines().find((one) => one.resourceId === resourceId);
      const [identity] = machine?.identities ?? [];
      if (machine === undefined || identity === undefined) throw new Error(`not enrolled as ${resourceId}`);
      // what is still on its way to the disk arrives before the agent ends
      await agent[Symbol.asyncDispose]();
      const credential = await loadCredential(files, machine.machineId, identity.clientId, systemRandomness);
      if (credential === undefined) throw new Error(`no credential was provisioned for ${resourceId}`);
      return credential;
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function askForToken(agent: Agent, resourceId: string, resource: string): Promise<string> {
  await using endpoint = await agent.openEndpoint(resourceId, { kind: 'tcp' });
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource });
  const answer = await fetch(`${endpoint.origin}/metadata/identity/oauth2/token?${query}`, {
    headers: { metadata: 'true' },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no token for ${resourceId}: ${answer.status} ${text}`);
  return (JSON.parse(text) as { access_token: string }).access_token;
}
