import {
  addKeyBody,
  addPasswordBody,
  removeKeyBody,
  removePasswordBody,
} from '../../../contract/graph-credentials.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import {
  type ApplicationCertificate,
  selectClientCertificates,
} from '../../directory/client-certificate-store.ts';
import type { Queries } from '../../storage/database.ts';
import type { GraphOperation, WriteOperation, WriteRequest } from '../operation.ts';
import { changesApplications } from './application-permissions.ts';
import { addKey, addPassword, type HeldBy, removeKey, removePassword } from './credentials.ts';

const collections = [
  ['applications', 'application'],
  ['servicePrincipals', 'servicePrincipal'],
] as const;
const nouns = { application: 'application', servicePrincipal: 'service principal' } as const;

/** Whether a proof is signed by a standing key of an object. */
export type ProvesPossession = (
  proof: string,
  question: {
    readonly keys: readonly ApplicationCertificate[];
    /** Ids by which the object names itself, lower case. */
    readonly issuers: readonly string[];
    /** Milliseconds since the epoch. */
    readonly now: number;
  },
) => boolean;

/**
 * Secrets of applications and of service principals, one by one; certificates one by one for whoever proves to hold a
 * standing one. Others bring the whole list, by a change of the object.
 */
export function credentialOperations({
  randomness,
  provesPossession,
}: {
  readonly randomness: Randomness;
  readonly provesPossession: ProvesPossession;
}): readonly GraphOperation[] {
  return collections.flatMap(([collection, target]): GraphOperation[] => {
    const add: WriteOperation<(typeof addPasswordBody)['_output']> = {
      method: 'POST',
      path: `${collection}/{}/addPassword`,
      activity: {
        name: `Update ${nouns[target]} – Certificates and secrets management`,
        category: 'ApplicationManagement',
        shows: ['keyId', 'displayName', 'startDateTime', 'endDateTime'],
      },
      ...changesApplications,
      target,
      body: addPasswordBody,
      async run(request, transaction) {
        const { body, at } = request;
        const given = body.passwordCredential ?? {};
        const value = await addPassword(transaction, heldBy(request), given, { randomness, at });
        const type = { '@odata.type': '#microsoft.graph.passwordCredential' };
        return {
          kind: 'entity',
          entitySet: 'microsoft.graph.passwordCredential',
          value: { ...type, ...value },
        };
      },
    };
    const remove: WriteOperation<(typeof removePasswordBody)['_output']> = {
      method: 'POST',
      path: `${collection}/{}/removePassword`,
      activity: {
        name: `Update ${nouns[target]} – Certificates and secrets management`,
        category: 'ApplicationManagement',
        shows: ['keyId'],
      },
      ...changesApplications,
      target,
      body: removePasswordBody,
      async run(request, transaction) {
        await removePassword(transaction, heldBy(request), request.body.keyId, request.at);
        return { kind: 'nothing' };
      },
    };
    const addByProof: WriteOperation<(typeof addKeyBody)['_output']> = {
      method: 'POST',
      path: `${collection}/{}/addKey`,
      activity: {
        name: `Update ${nouns[target]} – Certificates and secrets management`,
        category: 'ApplicationManagement',
      },
      ...changesApplications,
      target,
      body: addKeyBody,
      async run(request, transaction) {
        const { body, at } = request;
        await requireProof(request, transaction, provesPossession);
        const value = await addKey(transaction, heldBy(request), body.keyCredential, { randomness, at });
        return { kind: 'entity', entitySet: 'microsoft.graph.keyCredential', value };
      },
    };
    const removeByProof: WriteOperation<(typeof removeKeyBody)['_output']> = {
      method: 'POST',
      path: `${collection}/{}/removeKey`,
      activity: {
        name: `Update ${nouns[target]} – Certificates and secrets management`,
        category: 'ApplicationManagement',
      },
      ...changesApplications,
      target,
      body: removeKeyBody,
      async run(request, transaction) {
        const { body, at } = request;
        await requireProof(request, transaction, provesPossession);
        await removeKey(transaction, heldBy(request), body.keyId, at);
        return { kind: 'nothing' };
      },
    };
    return [add, remove, addByProof, removeByProof];
  });
}

function heldBy({ application, principal }: WriteRequest): HeldBy {
  if (application !== undefined) {
    const { tenantId, clientId } = application;
    return { tenantId, clientId, holder: 'application' };
  }
  if (principal === undefined) throw new Error('the pipeline found no target');
  const { tenantId, clientId } = principal;
  return { tenantId, clientId, holder: 'servicePrincipal' };
}

/** @throws DomainError `forbidden` where the proof is signed by no certificate that stands for the object */
async function requireProof(
  request: WriteRequest<{ readonly proof: string }>,
  queries: Queries,
  provesPossession: ProvesPossession,
): Promise<void> {
  const { tenantId, clientId } = heldBy(request);
  const keys = await selectClientCertificates(queries, tenantId, clientId);
  const objectId = request.application?.objectId ?? request.principal?.principalId ?? clientId;
  const question = { keys, issuers: [objectId, clientId], now: request.at };
  if (provesPossession(request.body.proof, question)) return;
  throw new DomainError(
    'forbidden',
    'The proof is not signed by a key of this object, or not for it and for now.',
  );
}
