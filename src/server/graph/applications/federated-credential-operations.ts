import { z } from 'zod';
import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import {
  federatedCredentialMembers,
  type SentFederatedCredential,
} from '../../../contract/federated-credential.ts';
import { withoutAnnotations } from '../../../contract/odata.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { readCredential } from '../../federation/credential-rules.ts';
import {
  type CredentialParent,
  createFederatedCredential,
  deleteFederatedCredential,
  putFederatedCredential,
  selectFederatedCredential,
  selectFederatedCredentials,
} from '../../federation/credential-store.ts';
import type { FederatedCredential } from '../../federation/federated-credential.ts';
import { requireOwnSubject } from '../../federation/own-subject.ts';
import type { Queries } from '../../storage/database.ts';
import { inMemory, listPage } from '../collection.ts';
import type {
  GraphOperation,
  GraphRequest,
  ReadOperation,
  WriteOperation,
  WriteRequest,
} from '../operation.ts';
import { findApplication, findFirstParty, findPrincipal, noSuchObject } from '../targets.ts';
import { changesApplications, readsApplications } from './application-permissions.ts';

const entitySet = 'federatedIdentityCredentials';
const path = `applications/{}/${entitySet}`;
const credentialBody = withoutAnnotations(
  z.object({
    ...federatedCredentialMembers,
    id: z.string().max(64).nullish(),
    name: z.string().max(256).optional(),
  }),
);
type CredentialBody = (typeof credentialBody)['_output'];
/** Whom the credential lets in: what an audit of it is read for. */
const shown = ['name', 'issuer', 'subject', 'audiences', 'claimsMatchingExpression'];

/** Federated credentials of applications (h.4); those of managed identities are read here and written through ARM. */
export function federatedCredentialOperations({
  profile,
  randomness,
}: {
  readonly profile: CloudProfile;
  readonly randomness: Randomness;
}): readonly GraphOperation[] {
  const lists = (['applications', 'servicePrincipals'] as const).map(
    (collection): ReadOperation => ({
      method: 'GET',
      path: `${collection}/{}/${entitySet}`,
      permissions: readsApplications,
      async run(request, queries) {
        const parent = await parentOf(request, queries, collection);
        const credentials = parent === undefined ? [] : await selectFederatedCredentials(queries, parent);
        const source = inMemory(
          credentials,
          ({ credentialId }) => credentialId,
          async (rows) => rows.map((row) => presentFederatedCredential(row, request.version)),
        );
        return await listPage(
          request,
          { entitySet, path: `${collection}/${request.keys[0]?.value ?? ''}/${entitySet}` },
          source,
        );
      },
    }),
  );

  const read: ReadOperation = {
    method: 'GET',
    path: `${path}/{}`,
    permissions: readsApplications,
    async run(request, queries) {
      const parent = await parentOf(request, queries, 'applications');
      const key = request.keys[1]?.value ?? '';
      const found = parent && (await selectFederatedCredential(queries, parent, key));
      if (found === undefined) throw noSuchObject(key);
      return { kind: 'entity', entitySet, value: presentFederatedCredential(found, request.version) };
    },
  };

  const create: WriteOperation<CredentialBody> = {
    method: 'POST',
    path,
    activity: { name: 'Add federated identity credential', category: 'ApplicationManagement', shows: shown },
    ...changesApplications,
    target: 'application',
    body: credentialBody,
    async run(request, transaction) {
      const parent = targetParent(request);
      const { at, base, body } = request;
      const { name, ...sent } = body;
      if (name === undefined) throw missingName();
      const facts = readCredential(allowed(sent, request.version));
      await requireOwnSubject(transaction, profile, parent.tenantId, facts);
      const made = await createFederatedCredential(transaction, { ...parent, name, facts, at }, randomness);
      const location = `${base}/${path.replace('{}', request.application?.objectId ?? '')}/${made.credentialId}`;
      return {
        kind: 'entity',
        status: 201,
        entitySet,
        value: presentFederatedCredential(made, request.version),
        location,
      };
    },
  };

  const change: WriteOperation<CredentialBody> = {
    method: 'PATCH',
    path: `${path}/{}`,
    activity: {
      name: 'Update federated identity credential',
      category: 'ApplicationManagement',
      shows: shown,
    },
    ...changesApplications,
    target: 'application',
    body: credentialBody,
    async run(request, transaction) {
      const parent = targetParent(request);
      const { at, body } = request;
      const { name, ...sent } = body;
      const key = request.keys[1];
      const found = key && (await selectFederatedCredential(transaction, parent, key.value));
      const makes = key?.by === 'name' && request.prefer.includes('create-if-missing');
      if (found === undefined && !makes) throw noSuchObject(key?.value ?? '');
      const wanted = found?.name ?? key?.value ?? '';
      if (name !== undefined && name !== wanted) {
        throw new DomainError('invalid-value', "Property 'name' is read-only and cannot be set.", {
          target: 'name',
        });
      }
      const facts = readCredential({
        ...(found && sentFrom(found)),
        ...withoutSilence(allowed(sent, request.version)),
      });
      await requireOwnSubject(transaction, profile, parent.tenantId, facts);
      const { credential, created } = await putFederatedCredential(
        transaction,
        { ...parent, name: wanted, facts, at },
        randomness,
      );
      if (!created) return { kind: 'nothing' };
      return {
        kind: 'entity',
        status: 201,
        entitySet,
        value: presentFederatedCredential(credential, request.version),
      };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: `${path}/{}`,
    activity: { name: 'Remove federated identity credential', category: 'ApplicationManagement' },
    ...changesApplications,
    target: 'application',
    async run(request, transaction) {
      const key = request.keys[1]?.value ?? '';
      const parent = { ...targetParent(request), at: request.at };
      if ((await deleteFederatedCredential(transaction, parent, key)) === undefined) throw noSuchObject(key);
      return { kind: 'nothing' };
    },
  };

  return [...lists, read, create, change, remove];
}

/** A federated credential as Graph shows it; expressions are of the beta. */
export function presentFederatedCredential(
  credential: FederatedCredential,
  version: GraphRequest['version'],
): object {
  const { subject } = credential;
  const trust = Object.keys(credential.trust).length === 0 ? {} : { innateTrust: credential.trust };
  return {
    id: credential.credentialId,
    name: credential.name,
    issuer: credential.issuer,
    subject: subject.kind === 'exact' ? subject.subject : null,
    description: credential.description ?? null,
    audiences: [credential.audience],
    ...(version === 'beta'
      ? {
          claimsMatchingExpression:
            subject.kind === 'expression' ? { value: subject.value, languageVersion: 1 } : null,
        }
      : {}),
    ...trust,
  };
}

/** A credential as it could have been sent, for a change to begin with. */
function sentFrom({
  issuer,
  subject,
  audience,
  description,
  trust,
}: FederatedCredential): SentFederatedCredential {
  return {
    issuer,
    ...(subject.kind === 'exact'
      ? { subject: subject.subject }
      : { claimsMatchingExpression: { value: subject.value, languageVersion: 1 } }),
    audiences: [audience],
    description,
    innateTrust: { keys: trust.keys as never, certificateAuthorities: trust.certificateAuthorities },
  };
}

function withoutSilence(sent: SentFederatedCredential): SentFederatedCredential {
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
}

/** Expressions are of the beta. */
function allowed(
  { id: _, ...sent }: CredentialBody,
  version: GraphRequest['version'],
): SentFederatedCredential {
  if (version === 'beta' || sent.claimsMatchingExpression == null) return sent;
  throw new DomainError('invalid-value', "Invalid property 'claimsMatchingExpression'.", {
    target: 'claimsMatchingExpression',
  });
}

function missingName(): DomainError {
  return new DomainError(
    'invalid-value',
    "A value is required for property 'name' of resource 'FederatedIdentityCredential'.",
    {
      target: 'name',
    },
  );
}

function targetParent({ application }: Pick<WriteRequest, 'application'>): CredentialParent {
  if (application === undefined) throw new Error('the pipeline found no target');
  const { tenantId, clientId } = application;
  return { tenantId, clientId };
}

/** Whose credentials a reading path means; `undefined` for a resource that every tenant knows, which has none. */
async function parentOf(
  { tenantId, keys: [key] }: GraphRequest,
  queries: Queries,
  collection: 'applications' | 'servicePrincipals',
): Promise<CredentialParent | undefined> {
  if (key === undefined) throw noSuchObject('');
  if (collection === 'applications') {
    const application = await findApplication(queries, tenantId, key);
    if (application === undefined) throw noSuchObject(key.value);
    return { tenantId, clientId: application.clientId };
  }
  const principal = await findPrincipal(queries, tenantId, key);
  // an application's credentials are the application's; its principal has none of its own
  if (principal?.principalType === 'ManagedIdentity') return { tenantId, clientId: principal.clientId };
  if (principal === undefined && findFirstParty(tenantId, key) === undefined) throw noSuchObject(key.value);
  return undefined;
}
