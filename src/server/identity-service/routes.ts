import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { identityHost } from '../../contract/cloud-profile.ts';
import {
  credentialsOfResource,
  identityMove,
  identityServiceVersion,
} from '../../contract/identity-service.ts';
import type { Log } from '../../foundation/log.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { IdentityKeys } from '../managed-identities/identity-keys.ts';
import type { Resource } from '../resource-manager/resource-store.ts';
import { type Access, authenticateProvider } from './access.ts';
import { type ClaimedAddress, claimedAddress, resourceOf } from './address.ts';
import { type Issuing, issueCredentials } from './credentials.ts';
import { endIdentity, movedIdentityUrl } from './identity-end.ts';
import { noSuchIdentity } from './resource-identities.ts';

export interface IdentityServiceParts extends Omit<Issuing, 'keys'> {
  readonly access: Access;
  readonly log: Log;
}

const bodyLimit = 64 * 1024;

/** `GET`, `POST` and `DELETE` of an identity URL, and `POST …/proxy/move` (`spec/resource-manager.md` c.2). */
export function registerIdentityService(app: FastifyInstance, parts: IdentityServiceParts): void {
  const { access, database, profile, clock, log } = parts;
  const keys = new IdentityKeys();

  // before any octet of a body is read; a right that ends meanwhile is found out in the transaction
  app.addHook('onRequest', async (request) => {
    await authenticateProvider(request, access);
  });

  const opened = async (request: FastifyRequest) => {
    const caller = await authenticateProvider(request, access);
    requireApiVersion(request);
    const address = claimedAddress(request);
    if (address === undefined) throw noSuchIdentity();
    return { caller, address };
  };

  const issue = async (request: FastifyRequest, reply: FastifyReply, body: unknown) => {
    const { caller, address } = await opened(request);
    if (address.part === 'move') return await move(request, { caller, address });
    const asked = parse(credentialsOfResource, body);
    const question = { caller, address, asked, servedHere: servedBy(request) };
    const credentials = await issueCredentials(question, { ...parts, keys });
    const { tenantId, principalId: providerId } = caller;
    log.info(
      { tenantId, providerId, resource: address.canonical },
      'credentials issued to resource provider',
    );
    void reply.header('Cache-Control', 'no-store');
    return credentials;
  };

  const move = async (
    request: FastifyRequest,
    { caller, address }: Awaited<ReturnType<typeof opened>>,
  ): Promise<{ readonly identityUrl: string }> => {
    requirePost(request, address);
    const target = resourceOf(parse(identityMove, request.body).targetResourceId);
    if (target === undefined) {
      throw new ArmError(
        'invalid-value',
        'InvalidResourceId',
        "The 'targetResourceId' is no id of a resource.",
      );
    }
    return { identityUrl: await movedIdentityUrl(parts, { caller, address, at: clock.now() }, target) };
  };

  app.get('/*', async (request, reply) => await issue(request, reply, {}));
  app.post('/*', { bodyLimit }, async (request, reply) => await issue(request, reply, request.body));
  app.delete('/*', async (request, reply) => {
    const { caller, address } = await opened(request);
    requirePost(request, address);
    const ended = await endIdentity(database, { caller, address, at: clock.now() });
    const { tenantId, principalId: providerId } = caller;
    if (ended)
      log.info({ tenantId, providerId, resource: address.canonical }, 'identity ended by resource provider');
    return await reply.code(ended ? 200 : 204).send();
  });

  function servedBy({ headers }: FastifyRequest): (resource: Resource) => boolean {
    const host = (headers.host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
    return ({ location }) => identityHost(profile, location) === host;
  }
}

function requirePost({ method }: FastifyRequest, { part }: ClaimedAddress): void {
  if (part === 'move' && method !== 'POST') {
    throw new ArmError('unsupported', 'HttpMethodNotAllowed', `The method '${method}' is not served here.`);
  }
}

function requireApiVersion({ query }: FastifyRequest): void {
  const given = (query as Readonly<Record<string, unknown>>)['api-version'];
  if (given === identityServiceVersion) return;
  throw given === undefined
    ? new ArmError(
        'missing-parameter',
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      )
    : new ArmError(
        'invalid-value',
        'InvalidApiVersionParameter',
        `The api-version is invalid. The supported version is '${identityServiceVersion}'.`,
      );
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const place = result.error.issues[0]?.path.join('.') ?? '';
  throw new ArmError(
    'malformed',
    'InvalidRequestContent',
    `The request is malformed${place === '' ? '' : ` at '${place}'`}.`,
    { cause: result.error },
  );
}
