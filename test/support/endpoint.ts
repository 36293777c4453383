import type { Endpoint, EndpointPlace } from '../../src/agent/agent.ts';
import { type CallerLimits, Callers } from '../../src/agent/callers.ts';
import { openEndpoint } from '../../src/agent/endpoint.ts';
import {
  type HostFacts,
  type Question,
  Refused,
  type Token,
} from '../../src/agent/host-protocols/host-protocol.ts';
import { imds } from '../../src/agent/host-protocols/imds/imds.ts';
import { selectIdentity } from '../../src/agent/identity-selection.ts';
import { TokenCache } from '../../src/agent/token-cache.ts';
import type { Desk } from '../../src/agent/token-desk.ts';
import type { CarriedIdentity } from '../../src/contract/agent.ts';
import type { Clock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { TestClock } from './clock.ts';

export const resourceId =
  '/subscriptions/6c3a2ee8-7a41-4b3f-8a68-1b0c5a3f9d10/resourceGroups/Demo/providers/Microsoft.Compute/virtualMachines/vm1';

export const ownIdentity: CarriedIdentity = {
  kind: 'SystemAssigned',
  principalId: '11111111-1111-4111-8111-111111111111',
  clientId: '22222222-2222-4222-8222-222222222222',
  resourceId,
  tokensValidFrom: 0,
};

export const sharedIdentity: CarriedIdentity = {
  kind: 'UserAssigned',
  principalId: '33333333-3333-4333-8333-333333333333',
  clientId: '44444444-4444-4444-8444-444444444444',
  resourceId:
    '/subscriptions/6c3a2ee8-7a41-4b3f-8a68-1b0c5a3f9d10/resourceGroups/Demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared',
  tokensValidFrom: 0,
};

const facts: HostFacts = {
  tenantId: '55555555-5555-4555-8555-555555555555',
  resource: {
    resourceId,
    type: 'Microsoft.Compute/virtualMachines',
    name: 'vm1',
    location: 'westeurope',
    tags: { env: 'test', team: 'a' },
    vmId: 'b5d2a4f0-1c6e-4f6e-9c3a-000000000001',
    vmSize: null,
    osType: null,
  },
};

/** An endpoint over a token service that exists only here: every token it gives is named for who asked for what. */
export interface TestEndpoint extends Endpoint {
  readonly clock: TestClock;
  /** What has gone to the token service so far: `<client id> <resource>`. */
  readonly fetched: string[];
  identities: CarriedIdentity[];
  /** What the token service does instead, where set. */
  fetch: ((question: Question, identity: CarriedIdentity) => Promise<Token>) | undefined;
  /** Something changed, as the follower of the server says. */
  changed(): void;
}

export async function testEndpoint(
  options: {
    readonly place?: EndpointPlace;
    readonly limits?: CallerLimits;
    readonly every?: CallerLimits;
    readonly identities?: CarriedIdentity[];
  } = {},
): Promise<TestEndpoint> {
  const clock = new TestClock();
  const cache = new TokenCache({ clock, randomness: systemRandomness });
  const generous: CallerLimits = { rate: 1000, burst: 1000, concurrent: 1000 };
  let epoch = 0;

  const select = ({ selector }: Question) => {
    const identity = selectIdentity(test.identities, selector);
    if (typeof identity === 'string') throw new Refused({ kind: identity });
    return identity;
  };
  const fetchOf = (question: Question, identity: CarriedIdentity, callers: Callers) => async () => {
    const wait = callers.enter();
    if (wait !== undefined) throw new Refused({ kind: 'throttled', retryAfter: wait });
    try {
      test.fetched.push(`${identity.clientId} ${question.resource}`);
      return await (test.fetch?.(question, identity) ?? tokenOf(identity, test.fetched.length, clock));
    } finally {
      callers.leave();
    }
  };
  const desk: Desk = {
    get epoch() {
      return epoch;
    },
    ready(question, callers) {
      const identity = select(question);
      return cache.ready(
        `${identity.principalId} ${question.resource}`,
        fetchOf(question, identity, callers),
      );
    },
    async obtain(question, callers) {
      const identity = select(question);
      return await cache.obtain(
        `${identity.principalId} ${question.resource}`,
        fetchOf(question, identity, callers),
      );
    },
    facts: () => facts,
  };
  const endpoint = await openEndpoint(resourceId, options.place ?? { kind: 'tcp' }, {
    protocol: imds,
    desk,
    fetching: new Callers(options.limits ?? generous, clock),
    every: options.every === undefined ? undefined : new Callers(options.every, clock),
    clock,
    log: silentLog,
  });
  const test: TestEndpoint = {
    ...endpoint,
    clock,
    fetched: [],
    identities: options.identities ?? [ownIdentity],
    fetch: undefined,
    changed() {
      cache.drop(() => true);
      epoch += 1;
    },
  };
  return test;
}

/** A token that lives for an hour. */
export async function tokenOf(
  { clientId, principalId }: CarriedIdentity,
  serial: number,
  clock: Clock,
): Promise<Token> {
  const now = Math.floor(clock.now() / 1000);
  return {
    accessToken: `token-${serial}-of-${clientId}`,
    clientId,
    principalId,
    notBefore: now,
    expiresOn: now + 3600,
  };
}
