import { z } from 'zod';
import { objectNamePattern, setSecretRequest, updateSecretRequest } from '../../../contract/key-vault.ts';
import type { ResourceScope } from '../../../contract/resource-id.ts';
import { type TargetRoute, targetRoute } from '../target.ts';
import { asPage, listQuery, pageSize, readSkipToken } from './paging.ts';
import { asBundle, asDeleted, asItem } from './secret-shape.ts';
import type { Secrets } from './secrets.ts';
import type { Vault } from './vaults.ts';

const none = z.object({});
const noBody = z.unknown();
const query = z.object({ 'api-version': z.string().max(32) });

const nameRule = `a name is 1 to 127 letters, digits and hyphens`;
const byName = z.object({ name: z.string().regex(objectNamePattern, nameRule) });
/** The empty segment of `/secrets/name/` means the current version, as no segment does. */
const byVersion = z.object({ name: byName.shape.name, version: z.string().max(128).optional() });

const namePattern = /^[0-9a-z-]{1,127}$/;
const sequencePattern = /^[0-9]{1,15}$/;

function inVault(vault: Vault): ResourceScope {
  return vault.scope;
}

function ofSecret(vault: Vault, { name }: { readonly name: string }): ResourceScope {
  const { scope } = vault;
  return { ...scope, types: [...scope.types, 'secrets'], names: [...scope.names, name] };
}

function action(verb: string): string {
  return `Microsoft.KeyVault/vaults/secrets/${verb}`;
}

/** The routes of secrets (`spec/targets.md` 1.9). */
export function secretRoutes(secrets: Secrets): readonly TargetRoute<Vault>[] {
  return [
    targetRoute({
      method: 'PUT',
      paths: ['/secrets/:name', '/secrets/:name/'],
      dataAction: action('setSecret/action'),
      scope: ofSecret,
      params: byName,
      query,
      body: setSecretRequest,
      async run(request) {
        const { place, params, body } = request;
        const secret = await secrets.set(place, params.name, body);
        return { status: 200, body: asBundle(request, secret, body.value) };
      },
    }),
    targetRoute({
      method: 'GET',
      paths: ['/secrets/:name', '/secrets/:name/', '/secrets/:name/:version'],
      dataAction: action('getSecret/action'),
      scope: ofSecret,
      params: byVersion,
      query,
      body: noBody,
      async run(request) {
        const { place, params } = request;
        const { secret, value } = await secrets.get(place, params.name, params.version);
        return { status: 200, body: asBundle(request, secret, value) };
      },
    }),
    targetRoute({
      method: 'PATCH',
      paths: ['/secrets/:name', '/secrets/:name/', '/secrets/:name/:version'],
      dataAction: action('update/action'),
      scope: ofSecret,
      params: byVersion,
      query,
      body: updateSecretRequest,
      async run(request) {
        const { place, params, body } = request;
        const secret = await secrets.update(place, params.name, params.version, body);
        return { status: 200, body: asBundle(request, secret) };
      },
    }),
    targetRoute({
      method: 'GET',
      paths: ['/secrets', '/secrets/'],
      dataAction: action('readMetadata/action'),
      scope: inVault,
      params: none,
      query: listQuery,
      body: noBody,
      async run(request) {
        const after = readSkipToken(request.query, namePattern);
        const page = { after, limit: pageSize(request.query) + 1 };
        const rows = await secrets.list(request.place, page);
        const answer = asPage(rows, request.query, `${request.origin}/secrets`, {
          keyOf: (row) => row.name.toLowerCase(),
          shape: (row) => asItem(request, row),
        });
        return { status: 200, body: answer };
      },
    }),
    targetRoute({
      method: 'GET',
      paths: ['/secrets/:name/versions'],
      dataAction: action('readMetadata/action'),
      scope: ofSecret,
      params: byName,
      query: listQuery,
      body: noBody,
      async run(request) {
        const { place, params, origin } = request;
        const after = readSkipToken(request.query, sequencePattern);
        const page = {
          after: after === undefined ? undefined : Number(after),
          limit: pageSize(request.query) + 1,
        };
        const rows = await secrets.listVersions(place, params.name, page);
        const answer = asPage(rows, request.query, `${origin}/secrets/${params.name}/versions`, {
          keyOf: (row) => String(row.sequence),
          shape: (row) => asBundle(request, row),
        });
        return { status: 200, body: answer };
      },
    }),
    targetRoute({
      method: 'DELETE',
      paths: ['/secrets/:name', '/secrets/:name/'],
      dataAction: action('delete'),
      scope: ofSecret,
      params: byName,
      query,
      body: noBody,
      async run(request) {
        const secret = await secrets.delete(request.place, request.params.name);
        return { status: 200, body: asDeleted(request, secret, asBundle(request, secret)) };
      },
    }),
    ...deletedSecretRoutes(secrets),
  ];
}

function deletedSecretRoutes(secrets: Secrets): readonly TargetRoute<Vault>[] {
  return [
    targetRoute({
      method: 'GET',
      paths: ['/deletedsecrets', '/deletedsecrets/'],
      dataAction: action('readMetadata/action'),
      scope: inVault,
      params: none,
      query: listQuery,
      body: noBody,
      async run(request) {
        const after = readSkipToken(request.query, namePattern);
        const page = { after, limit: pageSize(request.query) + 1 };
        const rows = await secrets.listDeleted(request.place, page);
        const answer = asPage(rows, request.query, `${request.origin}/deletedsecrets`, {
          keyOf: (row) => row.name.toLowerCase(),
          shape: (row) => asDeleted(request, row, asItem(request, row)),
        });
        return { status: 200, body: answer };
      },
    }),
    targetRoute({
      method: 'GET',
      paths: ['/deletedsecrets/:name', '/deletedsecrets/:name/'],
      dataAction: action('readMetadata/action'),
      scope: ofSecret,
      params: byName,
      query,
      body: noBody,
      async run(request) {
        const secret = await secrets.getDeleted(request.place, request.params.name);
        return { status: 200, body: asDeleted(request, secret, asBundle(request, secret)) };
      },
    }),
    targetRoute({
      method: 'POST',
      paths: ['/deletedsecrets/:name/recover'],
      dataAction: action('recover/action'),
      scope: ofSecret,
      params: byName,
      query,
      body: noBody,
      async run(request) {
        const secret = await secrets.recover(request.place, request.params.name);
        return { status: 200, body: asBundle(request, secret) };
      },
    }),
    targetRoute({
      method: 'DELETE',
      paths: ['/deletedsecrets/:name', '/deletedsecrets/:name/'],
      dataAction: action('purge/action'),
      scope: ofSecret,
      params: byName,
      query,
      body: noBody,
      async run({ place, params }) {
        await secrets.purge(place, params.name);
        return { status: 204 };
      },
    }),
  ];
}
