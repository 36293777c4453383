import { type CloudProfile, loginNames } from '../../contract/cloud-profile.ts';
import { type PrincipalId, parseGuid, type TenantId } from '../../foundation/ids.ts';
import { selectPrincipal } from '../directory/directory-store.ts';
import type { Queries } from '../storage/database.ts';
import { CredentialError } from './credential-error.ts';
import type { CredentialFacts } from './federated-credential.ts';

/**
 * Where a credential names an issuer of this deployment, its subject is the object id of a principal that the tenant
 * has (h.4): any other would wait for a token that is never issued, or for whoever comes to have the name.
 *
 * @throws CredentialError `subject`
 */
export async function requireOwnSubject(
  queries: Queries,
  profile: CloudProfile,
  tenantId: TenantId,
  { issuer, subject }: Pick<CredentialFacts, 'issuer' | 'subject'>,
): Promise<void> {
  const host = URL.parse(issuer)?.hostname ?? '';
  if (![...loginNames(profile), profile.v1IssuerHost].includes(host)) return;
  const objectId = subject.kind === 'exact' ? parseGuid<PrincipalId>(subject.subject) : undefined;
  if (objectId !== undefined && (await selectPrincipal(queries, tenantId, objectId)) !== undefined) return;
  throw new CredentialError(
    'subject',
    'For an issuer of this deployment, the subject is the object id of a service principal of the tenant.',
  );
}
