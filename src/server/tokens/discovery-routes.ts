import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { instanceDiscoveryOf } from '../../contract/instance-discovery.ts';
import type { KeySet } from '../../contract/oauth2.ts';
import type { Directory } from '../directory/directory.ts';
import { selectTenants } from '../directory/directory-store.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { isCurrent } from '../http/conditional.ts';
import { aadsts, aadstsEntry } from '../http/dialects/aadsts.ts';
import type { Database } from '../storage/database.ts';
import { type DiscoverySubject, openidDocument, publishedKey, userRealmOf } from './discovery.ts';
import type { TokenVersion } from './issuers.ts';
import type { SigningKeys } from './signing-keys.ts';

interface DiscoveryParts {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly directory: Pick<Directory, 'tenant'>;
  readonly keys: SigningKeys;
}

/** Seconds that validators may keep a document: an hour is kinder to a change of keys than Entra's day. */
const cacheable = { 'Cache-Control': 'public, max-age=3600', 'Access-Control-Allow-Origin': '*' };
/** Tenants whose keys the shared documents show at most. */
const maxTenants = 100;

/** Metadata, key sets, instance discovery, realms and the pages behind `error_uri` (a.1-a.4, a.7, f). */
export function registerDiscovery(app: FastifyInstance, parts: DiscoveryParts): void {
  const { profile, database, directory, keys } = parts;

  async function subjectOf(claimedTenant: string): Promise<DiscoverySubject> {
    const name = parseTenantName(claimedTenant);
    if (name === undefined) throw aadsts(900023, { tenant: claimedTenant });
    if (name.kind === 'alias' && name.alias !== 'consumers') return name.alias;
    const tenant = name.kind === 'alias' ? undefined : await directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: claimedTenant });
    return tenant.tenantId;
  }

  async function keySetOf(subject: DiscoverySubject, version: TokenVersion): Promise<KeySet> {
    const anyTenant = subject === 'common' || subject === 'organizations';
    const tenants = anyTenant
      ? (await selectTenants(database.read, maxTenants)).map((tenant) => tenant.tenantId)
      : [subject];
    const sets = await Promise.all(tenants.map((tenantId) => keys.of(tenantId)));
    const withIssuer = anyTenant || version === 'v2';
    return {
      keys: sets.flatMap((set) => set?.published ?? []).map((key) => publishedKey(profile, key, withIssuer)),
    };
  }

  const versions = [
    ['v1', ''],
    ['v2', '/v2.0'],
  ] as const;
  for (const [version, segment] of versions) {
    app.get<{ Params: { tenant: string } }>(
      `/:tenant${segment}/.well-known/openid-configuration`,
      async (request, reply) => {
        const document = openidDocument(profile, version, await subjectOf(request.params.tenant));
        return reply.headers(cacheable).send(document);
      },
    );
    app.get<{ Params: { tenant: string } }>(`/:tenant/discovery${segment}/keys`, async (request, reply) => {
      const set = JSON.stringify(await keySetOf(await subjectOf(request.params.tenant), version));
      const etag = `"${hash('sha256', set, 'base64url')}"`;
      void reply.headers({ ...cacheable, ETag: etag });
      if (isCurrent(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type('application/json; charset=utf-8').send(set);
    });
  }

  app.get<{ Params: { tenant: string }; Querystring: Readonly<Record<string, unknown>> }>(
    '/:tenant/discovery/instance',
    async (request, reply) => {
      const asked = request.query['authorization_endpoint'];
      const version = request.query['api-version'];
      if (typeof asked !== 'string' || asked === '') {
        throw aadsts(900144, { parameter: 'authorization_endpoint' });
      }
      const answer = instanceDiscoveryOf(profile, asked, version === '1.0' ? '1.0' : '1.1');
      if (answer === undefined) throw aadsts(50049, {});
      return reply.headers(cacheable).send(answer);
    },
  );

  app.get<{ Params: { tenant: string; user: string } }>(
    '/:tenant/userrealm/:user',
    async (request, reply) => {
      return reply.send(userRealmOf(profile, request.params.user));
    },
  );

  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/error', async (request, reply) => {
    const code = String(request.query['code'] ?? '');
    const text = aadstsEntry(code)?.text;
    return reply
      .type('text/plain; charset=utf-8')
      .send(text === undefined ? 'No such error code.\n' : `AADSTS${code}: ${text}\n`);
  });
}
