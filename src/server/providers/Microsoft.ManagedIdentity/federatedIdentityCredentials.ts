import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import { federatedIdentityCredentialSchema } from '../../../contract/Microsoft.ManagedIdentity.ts';
import { canonicalId, type ResourceScope } from '../../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { CredentialError } from '../../federation/credential-error.ts';
import { readCredential, requireName } from '../../federation/credential-rules.ts';
import {
  type CredentialParent,
  deleteFederatedCredential,
  putFederatedCredential,
  selectFederatedCredential,
  selectFederatedCredentials,
} from '../../federation/credential-store.ts';
import type { FederatedCredential } from '../../federation/federated-credential.ts';
import { requireOwnSubject } from '../../federation/own-subject.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { type PageRequest, pageOf, pageRequest } from '../../http/paging.ts';
import { userAssignedOf } from '../../managed-identities/identity-store.ts';
import { resourceNotFound } from '../../resource-manager/arm-errors.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { findResource } from '../../resource-manager/resource-store.ts';
import type { Database, Queries } from '../../storage/database.ts';
import { federatedCredentialApiVersions } from './api-versions.ts';
import { auditCredential } from './credential-audit.ts';
import { ParentWrites } from './parent-writes.ts';
import { identityType } from './userAssignedIdentities.ts';

const type = `${identityType}/federatedIdentityCredentials`;
const collection = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${identityType}/{name}/federatedIdentityCredentials`;
const item = `${collection}/{credential}`;

type SentCredential = (typeof federatedIdentityCredentialSchema)['_output'];

interface FederatedCredentialParts {
  readonly database: Database;
  readonly profile: CloudProfile;
  readonly randomness: Randomness;
}

/** Which tokens of other issuers open a user-assigned identity (b.2, b.4). */
export function federatedIdentityCredentials({
  database,
  profile,
  randomness,
}: FederatedCredentialParts): ResourceType {
  const writes = new ParentWrites();
  return {
    namespace: 'Microsoft.ManagedIdentity',
    type: 'userAssignedIdentities/federatedIdentityCredentials',
    apiVersions: federatedCredentialApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'PUT',
        path: item,
        action: `${type}/write`,
        body: federatedIdentityCredentialSchema,
        run: (context: OperationContext<SentCredential>) =>
          worded(() =>
            writes.alone(identityCanonical(context), () => put({ database, profile, randomness }, context)),
          ),
      } as Operation,
      {
        method: 'DELETE',
        path: item,
        action: `${type}/delete`,
        whileDeleting: true,
        run: (context) => writes.alone(identityCanonical(context), () => remove(database, context)),
      },
      { method: 'GET', path: item, action: `${type}/read`, run: (context) => get(database.read, context) },
      {
        method: 'GET',
        path: collection,
        action: `${type}/read`,
        run: (context) => list(database.read, context),
      },
    ],
  };
}

async function put(
  { database, profile, randomness }: FederatedCredentialParts,
  context: OperationContext<SentCredential>,
): Promise<Answer> {
  const name = parameter(context, 'credential');
  requireName(name);
  const facts = readCredential(context.body.properties ?? {});
  return await database.transaction(async (transaction) => {
    const { parent, resourceId } = await identityOf(transaction, context);
    await requireOwnSubject(transaction, profile, parent.tenantId, facts);
    const { credential, created } = await putFederatedCredential(
      transaction,
      { ...parent, name, facts, at: context.at },
      randomness,
    );
    await auditCredential(transaction, created ? 'Add' : 'Update', parent, credential, context);
    const body = present(credential, resourceId);
    return created ? { status: 201, body, headers: { Location: String(body['id']) } } : { status: 200, body };
  });
}

async function remove(database: Database, context: OperationContext): Promise<Answer> {
  return await database.transaction(async (transaction) => {
    const found = await findIdentity(transaction, context);
    const deleted =
      found &&
      (await deleteFederatedCredential(
        transaction,
        { ...found.parent, at: context.at },
        parameter(context, 'credential'),
      ));
    if (found !== undefined && deleted !== undefined) {
      await auditCredential(transaction, 'Delete', found.parent, deleted, context);
    }
    return { status: deleted === undefined ? 204 : 200 };
  });
}

async function get(queries: Queries, context: OperationContext): Promise<Answer> {
  const { parent, resourceId } = await identityOf(queries, context);
  const credential = await selectFederatedCredential(queries, parent, parameter(context, 'credential'));
  if (credential === undefined) throw resourceNotFound(scopeOf(context));
  return { status: 200, body: present(credential, resourceId) };
}

async function list(queries: Queries, context: OperationContext): Promise<Answer> {
  const { parent, resourceId } = await identityOf(queries, context);
  const request: PageRequest = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const keyOf = ({ name }: FederatedCredential) => name.toLowerCase();
  const { after } = request;
  const all = await selectFederatedCredentials(queries, parent);
  const left = after === undefined ? all : all.filter((credential) => keyOf(credential) > after);
  const page = pageOf(left, request, keyOf);
  return listAnswer(
    context,
    page,
    page.items.map((credential) => present(credential, resourceId)),
  );
}

interface Identity {
  readonly parent: CredentialParent;
  /** ARM id of the identity, as displayed. */
  readonly resourceId: string;
}

/** @throws ArmError `ParentResourceNotFound` */
async function identityOf(
  queries: Queries,
  context: Pick<OperationContext, 'target' | 'caller' | 'parameters'>,
): Promise<Identity> {
  const identity = await findIdentity(queries, context);
  if (identity !== undefined) return identity;
  throw new ArmError(
    'not-found',
    'ParentResourceNotFound',
    `Failed to perform the requested operation on a nested resource. Parent resource '${parameter(context, 'name')}' not found.`,
  );
}

async function findIdentity(
  queries: Queries,
  context: Pick<OperationContext, 'target' | 'caller' | 'parameters'>,
): Promise<Identity | undefined> {
  const tenantId: TenantId = context.caller.tenantId;
  const canonical = identityCanonical(context);
  const resource = await findResource(queries, tenantId, canonical);
  const identity = await userAssignedOf(queries, tenantId, canonical);
  if (resource === undefined || identity === undefined) return undefined;
  return { parent: { tenantId, clientId: identity.clientId }, resourceId: resource.resourceId };
}

/** The identity that the path names first, be the path of one credential or of all. */
function identityCanonical(context: Pick<OperationContext, 'target'>): CanonicalId {
  const { types, names, ...scope } = scopeOf(context);
  return canonicalId({ ...scope, types: types.slice(0, 1), names: names.slice(0, 1) });
}

function scopeOf({ target }: Pick<OperationContext, 'target'>): ResourceScope {
  if (target.kind !== 'resource') throw new TypeError('the path names no identity');
  return target;
}

function present(credential: FederatedCredential, resourceId: string): JsonObject {
  const { name, issuer, subject, audience, trust } = credential;
  return {
    id: `${resourceId}/federatedIdentityCredentials/${name}`,
    name,
    type,
    properties: {
      issuer,
      ...(subject.kind === 'exact'
        ? { subject: subject.subject }
        : { claimsMatchingExpression: { value: subject.value, languageVersion: 1 } }),
      audiences: [audience],
      ...(Object.keys(trust).length === 0 ? {} : { innateTrust: trust as Record<string, JsonValue> }),
    },
  };
}

/** The rules' refusals as the provider's. */
async function worded(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    const message =
      error.rule === 'duplicate'
        ? 'Issuer and subject combination already exists for this Managed Identity.'
        : error.message;
    throw new ArmError(error.kind, 'BadRequest', message, { refusedBy: 'service' });
  }
}
