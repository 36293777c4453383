import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { parseScope } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { guid, type TenantId } from '../../foundation/ids.ts';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { AuthorizationQuestion } from '../authorization/evaluate.ts';
import type { RoleDefinitionId } from '../authorization/role-definitions.ts';
import { type Caller, TokenRejected } from '../http/bearer.ts';
import { keyVaultDialect } from '../http/dialects/key-vault.ts';
import { createSurface } from '../http/surface.ts';
import { type Place, registerTarget, type Target, type TargetRoute, targetRoute } from './target.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const other = guid<TenantId>('22222222-2222-4222-8222-222222222222');
const scope = parseScope('/subscriptions/33333333-3333-4333-8333-333333333333');

interface Wishes {
  readonly found?: boolean;
  readonly callerTenant?: TenantId;
  readonly allowed?: boolean;
}

/** A target that writes down which step was reached, in order. */
function traced({ found = true, callerTenant = tenantId, allowed = true }: Wishes = {}) {
  const steps: string[] = [];
  const questions: AuthorizationQuestion[] = [];
  const step = (name: string) => void steps.push(name);
  const target: Target<Place> = {
    name: 'traced',
    async locate() {
      step('locate');
      return found ? { tenantId } : undefined;
    },
    audiences: () => ['https://traced'],
    headers: (_place, assignmentId) => (assignmentId === undefined ? {} : { 'x-assignment': assignmentId }),
    requireServed: () => step('served'),
    validate: () => step('validate'),
    refusals: {
      unknownPlace: () => new DomainError('not-found', 'no place'),
      unauthenticated: (_request, _place, rejection) => new DomainError('unauthenticated', rejection.reason),
      foreignTenant: () => new DomainError('foreign-tenant', 'foreign'),
      forbidden: (_place, _caller, action) => new DomainError('forbidden', action),
      invalid: () => new DomainError('invalid-value', 'invalid'),
    },
  };
  const body = z.object({ text: z.string() }).transform((value) => {
    step('body');
    return value;
  });
  const route = targetRoute<Place, { name: string }, object, { text: string }>({
    method: 'PUT',
    paths: ['/things/:name'],
    dataAction: 'Innate.Test/things/write',
    scope: () => scope,
    params: z.object({ name: z.string().regex(/^[a-z]+$/) }),
    query: z.object({}),
    body,
    async run(request) {
      step('run');
      return {
        status: 200,
        body: { name: request.params.name, text: request.body.text, origin: request.origin },
      };
    },
  });
  const app = createSurface({ dialect: keyVaultDialect, log: silentLog, randomness: systemRandomness });
  const dependencies = {
    log: silentLog,
    verifier: {
      async verify(token: string, audiences: readonly string[]) {
        step('verify');
        assert.deepEqual(audiences, ['https://traced']);
        if (token !== 'a.b.c') throw new TokenRejected('signature', 'no');
        return { tenantId: callerTenant, principalId: tenantId } as unknown as Caller;
      },
    },
    authorizer: {
      async decide(question: AuthorizationQuestion) {
        step('authorise');
        questions.push(question);
        return allowed
          ? {
              allowed,
              assignmentId: 'a1',
              roleDefinitionId: 'r1' as RoleDefinitionId,
              roleName: 'r',
              assignmentScope: '/',
            }
          : { allowed, considered: 0 };
      },
    },
  };
  const register = (routes: readonly TargetRoute<Place>[]) =>
    registerTarget(app, target, routes, dependencies);
  const ask = async (
    headers: Readonly<Record<string, string>> = {},
    payload = '{"text":"hi"}',
    url = '/things/one',
  ) => {
    const answer = await app.inject({
      method: 'PUT',
      url,
      headers: {
        host: 'Thing.Test:8443',
        'content-type': 'application/json',
        authorization: 'Bearer a.b.c',
        ...headers,
      },
      payload,
    });
    return { status: answer.statusCode, answer };
  };
  return { steps, questions, route, register, ask };
}

describe('the pipeline of targets', () => {
  test('does its steps in order, and asks for the declared right at the declared scope', async () => {
    const { steps, questions, route, register, ask } = traced();
    register([route]);
    const { status, answer } = await ask();
    assert.equal(status, 200);
    assert.deepEqual(answer.json(), { name: 'one', text: 'hi', origin: 'https://thing.test:8443' });
    assert.equal(answer.headers['x-assignment'], 'a1');
    // the right is asked for again when the body has arrived, since it may have ended meanwhile
    const expected = ['locate', 'verify', 'served', 'authorise', 'validate', 'authorise', 'body', 'run'];
    assert.deepEqual(steps, expected);
    const question = {
      tenantId,
      principalId: tenantId,
      action: 'Innate.Test/things/write',
      scope,
      plane: 'data',
    };
    assert.deepEqual(questions, [question, question]);
  });

  test('does not read the body of who may not', async () => {
    const cases: readonly [Wishes, Readonly<Record<string, string>>, number, readonly string[]][] = [
      [{ found: false }, {}, 404, ['locate']],
      [{}, { authorization: '' }, 401, ['locate']],
      [{}, { authorization: 'Bearer x.y.z' }, 401, ['locate', 'verify']],
      [{ callerTenant: other }, {}, 401, ['locate', 'verify']],
      [{ allowed: false }, {}, 403, ['locate', 'verify', 'served', 'authorise']],
    ];
    for (const [wishes, headers, status, steps] of cases) {
      for (const payload of ['{"text":"hi"}', '{"text":', '']) {
        const world = traced(wishes);
        world.register([world.route]);
        assert.equal((await world.ask(headers, payload)).status, status);
        assert.deepEqual(world.steps, steps);
      }
    }
  });

  test('refuses a path that does not fit before it asks for rights there', async () => {
    const { steps, route, register, ask } = traced();
    register([route]);
    assert.equal((await ask({}, '{"text":"hi"}', '/things/a%2Fb')).status, 400);
    assert.deepEqual(steps, ['locate', 'verify', 'served']);
  });

  test('does not start with a route that declares no data action', () => {
    const { route, register } = traced();
    for (const dataAction of ['', undefined]) {
      const open = { ...route, dataAction } as TargetRoute<Place>;
      assert.throws(() => register([open]), /declares no data action/);
    }
  });
});
