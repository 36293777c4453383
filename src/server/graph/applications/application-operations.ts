import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import { changedApplicationBody, newApplicationBody } from '../../../contract/graph-application.ts';
import type { PasswordCredential } from '../../../contract/graph-credentials.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import { type ClientId, guid, isGuid, type PrincipalId, type TenantId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { deleteApplication } from '../../directory/application-deletion.ts';
import { type IsReserved, selectIdentifierOwner } from '../../directory/application-identifiers.ts';
import {
  type Application,
  selectApplication,
  selectApplications,
  selectApplicationsOf,
} from '../../directory/application-store.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Queries, Transaction } from '../../storage/database.ts';
import type { Source } from '../collection.ts';
import { type Expand, expanded } from '../expansion.ts';
import { requiredValues } from '../filter.ts';
import { listing } from '../listing.ts';
import type { GraphOperation, GraphRequest, ReadOperation, WriteOperation } from '../operation.ts';
import { findApplication, noSuchObject } from '../targets.ts';
import { changesApplications, readsApplications } from './application-permissions.ts';
import { presentApplication } from './application-shape.ts';
import type { ProvesPossession } from './credential-operations.ts';
import { presentCredentials } from './credentials.ts';
import { ownersOf } from './owners.ts';
import { changeRegistration, createRegistration } from './registrations.ts';

export interface ApplicationParts {
  readonly profile: CloudProfile;
  readonly directory: Directory;
  readonly randomness: Randomness;
  readonly isReserved: IsReserved;
  readonly provesPossession: ProvesPossession;
  /** What else ends with a service principal, in the transaction that ends it; before it ends. */
  readonly onPrincipalEnd: (
    transaction: Transaction,
    ended: { readonly tenantId: TenantId; readonly principalId: PrincipalId; readonly at: number },
  ) => Promise<void>;
  /** What else ends with an application that does not come back, such as its federated credentials. */
  readonly onApplicationEnd: (
    transaction: Transaction,
    ended: { readonly tenantId: TenantId; readonly clientId: ClientId; readonly at: number },
  ) => Promise<void>;
}

const entitySet = 'applications';

/** Applications: list, count, read, make, change, delete. */
export function applicationOperations(
  parts: ApplicationParts & { readonly relations: Readonly<Record<string, Expand>> },
): readonly GraphOperation[] {
  const { randomness, isReserved } = parts;
  const present = (queries: Queries, tenantId: TenantId, rows: readonly Application[]) =>
    presentApplications(parts, queries, tenantId, rows);

  const lists = listing({
    entitySet,
    permissions: readsApplications,
    relations: parts.relations,
    sourceOf: (request, queries) => applicationSource(request, queries, present),
  });

  const read: ReadOperation = {
    method: 'GET',
    path: 'applications/{}',
    permissions: readsApplications,
    async run(request, queries) {
      const {
        tenantId,
        keys: [key],
      } = request;
      const found = key && (await findApplication(queries, tenantId, key));
      if (found === undefined) throw noSuchObject(key?.value ?? '');
      const [value = {}] = await present(queries, tenantId, [found]);
      return await expanded(request, queries, parts.relations, {
        kind: 'entity',
        entitySet,
        value,
      });
    },
  };

  const create: WriteOperation<(typeof newApplicationBody)['_output']> = {
    method: 'POST',
    path: 'applications',
    activity: { name: 'Add application', category: 'ApplicationManagement' },
    ...changesApplications,
    body: newApplicationBody,
    async run(request, transaction) {
      const { tenantId, at, base, body } = request;
      const owners = await ownersOf(transaction, request, body['owners@odata.bind']);
      const rules = { randomness, isReserved, at };
      const { application, secrets } = await createRegistration(transaction, tenantId, body, owners, rules);
      const [value = {}] = await present(transaction, tenantId, [application]);
      const location = `${base}/applications/${application.objectId}`;
      return { kind: 'entity', status: 201, entitySet, value: withSecrets(value, secrets), location };
    },
  };

  const change: WriteOperation<(typeof changedApplicationBody)['_output']> = {
    method: 'PATCH',
    path: 'applications/{}',
    activity: { name: 'Update application', category: 'ApplicationManagement' },
    ...changesApplications,
    target: 'application',
    createsMissing: true,
    body: changedApplicationBody,
    async run(request, transaction) {
      const { application, tenantId, at, base, body } = request;
      const rules = { randomness, isReserved, at };
      if (application !== undefined) {
        await changeRegistration(transaction, application, body, rules);
        return { kind: 'nothing' };
      }
      const { displayName, passwordCredentials, ...members } = body;
      if (displayName === undefined || passwordCredentials !== undefined) {
        throw new DomainError(
          'invalid-value',
          "An application is made with a 'displayName' and without secrets.",
          {
            target: 'displayName',
          },
        );
      }
      const made = await createRegistration(
        transaction,
        tenantId,
        { ...members, displayName, uniqueName: request.keys[0]?.value },
        await ownersOf(transaction, request, undefined),
        rules,
      );
      const [value = {}] = await present(transaction, tenantId, [made.application]);
      const location = `${base}/applications/${made.application.objectId}`;
      return { kind: 'entity', status: 201, entitySet, value, location };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: 'applications/{}',
    activity: { name: 'Delete application', category: 'ApplicationManagement' },
    ...changesApplications,
    target: 'application',
    endsAccess: true,
    async run({ application, tenantId, at }, transaction) {
      if (application === undefined) throw new Error('the pipeline found no target');
      const { clientId } = application;
      const [principal] = await principalsOf(transaction, tenantId, clientId);
      if (principal !== undefined) {
        await parts.onPrincipalEnd(transaction, { tenantId, principalId: principal, at });
      }
      await deleteApplication(transaction, { tenantId, clientId, at });
      return { kind: 'nothing' };
    },
  };

  return [...lists, read, create, change, remove];
}

async function principalsOf(queries: Queries, tenantId: TenantId, clientId: ClientId) {
  const rows = await queries
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .execute();
  return rows.map((row) => guid<PrincipalId>(row.principal_id));
}

/** The answer to the making shows the secrets that were made; nothing shows them again. */
function withSecrets(value: object, secrets: readonly PasswordCredential[]): object {
  return secrets.length === 0 ? value : { ...value, passwordCredentials: secrets };
}

/** Applications of one tenant as Graph shows them, in the order given. */
export async function presentApplications(
  { directory }: Pick<ApplicationParts, 'directory'>,
  queries: Queries,
  tenantId: TenantId,
  applications: readonly Application[],
): Promise<readonly object[]> {
  const tenant = await directory.tenant({ kind: 'guid', tenantId });
  const publisherDomain = tenant?.defaultDomain ?? '';
  const clientIds = applications.map(({ clientId }) => clientId);
  const credentials = await presentCredentials(queries, tenantId, clientIds, 'application');
  return applications.map((application) =>
    presentApplication(application, { publisherDomain, ...credentials(application.clientId) }),
  );
}

/** All applications, or where the filter names some by a key, those. */
function applicationSource(
  { tenantId, options: { filter } }: GraphRequest,
  queries: Queries,
  present: (queries: Queries, tenantId: TenantId, rows: readonly Application[]) => Promise<readonly object[]>,
): Source<Application> {
  const named = async (): Promise<readonly Application[] | undefined> => {
    const clientIds = requiredValues(filter, 'appId');
    const identifiers = requiredValues(filter, 'identifierUris');
    const ids = requiredValues(filter, 'id');
    if (ids !== undefined) {
      return await selectApplicationsOf(
        queries,
        tenantId,
        ids.filter(isGuid).map((id) => guid<PrincipalId>(id)),
      );
    }
    const wanted =
      clientIds ??
      (identifiers &&
        (await Promise.all(identifiers.map((name) => selectIdentifierOwner(queries, tenantId, name)))));
    if (wanted === undefined) return undefined;
    const found: Application[] = [];
    for (const clientId of new Set(wanted)) {
      if (clientId === undefined || !isGuid(clientId)) continue;
      const one = await selectApplication(queries, tenantId, { clientId: guid<ClientId>(clientId) });
      if (one !== undefined) found.push(one);
    }
    return found.sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  };
  return {
    async rows(after, limit) {
      const some = await named();
      if (some === undefined)
        return await selectApplications(queries, tenantId, {
          ...(after === undefined ? {} : { after }),
          limit,
        });
      return some.filter(({ clientId }) => after === undefined || clientId > after).slice(0, limit);
    },
    keyOf: ({ clientId }) => clientId,
    present: (rows) => present(queries, tenantId, rows),
  };
}
