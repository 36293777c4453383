import { addPasswordBody, removePasswordBody } from '../../../contract/graph-credentials.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import type { GraphOperation, WriteOperation, WriteRequest } from '../operation.ts';
import { changesApplications } from './application-permissions.ts';
import { addPassword, type HeldBy, removePassword } from './credentials.ts';

const collections = [
  ['applications', 'application'],
  ['servicePrincipals', 'servicePrincipal'],
] as const;
const nouns = { application: 'application', servicePrincipal: 'service principal' } as const;

/** Secrets of applications and of service principals, one by one. Certificates come as a list, by a change of the object. */
export function credentialOperations({
  randomness,
}: {
  readonly randomness: Randomness;
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
    // both need a proof of possession that only a signature of a standing key gives: a change of the list does the same
    const byProof = ['addKey', 'removeKey'].map(
      (action): WriteOperation => ({
        method: 'POST',
        path: `${collection}/{}/${action}`,
        activity: {
          name: `Update ${nouns[target]} – Certificates and secrets management`,
          category: 'ApplicationManagement',
        },
        ...changesApplications,
        target,
        async run() {
          throw new DomainError(
            'unsupported',
            `The action ${action} is not supported: change the list 'keyCredentials' of the object.`,
            { code: 'Request_BadRequest' },
          );
        },
      }),
    );
    return [add, remove, ...byProof];
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
