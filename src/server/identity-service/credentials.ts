import { type CloudProfile, certificateLoginName } from '../../contract/cloud-profile.ts';
import {
  type CredentialMembers,
  type CredentialsOfResource,
  type CustomClaims,
  type ManagedIdentityCredentials,
  systemAssignedUrl,
  type UserAssignedIdentityCredentials,
  userAssignedUrl,
} from '../../contract/identity-service.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Caller } from '../http/bearer.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { IdentityKey, IdentityKeys } from '../managed-identities/identity-keys.ts';
import type { ManagedIdentity } from '../managed-identities/identity-store.ts';
import type { InstanceAuthorities } from '../managed-identities/instance-authority.ts';
import { issueToProvider, type ProviderCredential } from '../managed-identities/provider-credentials.ts';
import type { Resource } from '../resource-manager/resource-store.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import { requireRight } from './access.ts';
import { type ClaimedAddress, resourceOf } from './address.ts';
import { type ResourceIdentities, type WantedIdentities, wantedIdentities } from './resource-identities.ts';
import { identityRights } from './rights.ts';

export interface Issuing {
  readonly database: Database;
  readonly authorities: InstanceAuthorities;
  readonly keys: IdentityKeys;
  readonly profile: CloudProfile;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

export interface CredentialsQuestion {
  readonly caller: Caller;
  readonly address: ClaimedAddress;
  readonly asked: CredentialsOfResource;
  /** Whether a resource is asked for under the host name of its location. */
  readonly servedHere: (resource: Resource) => boolean;
}

/**
 * Issues what is asked for, all of it or nothing. Keys are made before the transaction, which finds out again what they
 * are for.
 *
 * @throws ArmError, DomainError
 */
export async function issueCredentials(
  question: CredentialsQuestion,
  parts: Issuing,
): Promise<ManagedIdentityCredentials> {
  const { database } = parts;
  const planned = await allowedIdentities(database.read, question);
  const keys = await parts.keys.forEach(placesOf(planned));
  return await database.transaction(async (transaction) => {
    const wanted = await allowedIdentities(transaction, question);
    return await new Issue(transaction, question, parts, keys).answer(wanted);
  });
}

/** The right is asked for first, so that nobody without it learns what is there. */
async function allowedIdentities(
  queries: Queries,
  { caller, address, asked, servedHere }: CredentialsQuestion,
): Promise<WantedIdentities> {
  const scopes = [address.scope, ...(asked.delegatedResources ?? []).flatMap((id) => resourceOf(id) ?? [])];
  for (const scope of scopes) await requireRight(queries, caller, identityRights.credentials, scope);
  return await wantedIdentities(queries, caller.tenantId, address, asked, servedHere);
}

const placeOf = ({ canonical }: Resource, { principalId }: ManagedIdentity) => `${canonical} ${principalId}`;

function placesOf(wanted: WantedIdentities): readonly string[] {
  return [wanted, ...wanted.delegated].flatMap(({ resource, own, explicit }) =>
    [...(own === undefined ? [] : [own]), ...explicit].map((identity) => placeOf(resource, identity)),
  );
}

/** One issue, in its transaction. */
class Issue {
  readonly #transaction: Transaction;
  readonly #question: CredentialsQuestion;
  readonly #parts: Issuing;
  readonly #keys: ReadonlyMap<string, IdentityKey>;
  readonly #at: number;

  constructor(
    transaction: Transaction,
    question: CredentialsQuestion,
    parts: Issuing,
    keys: ReadonlyMap<string, IdentityKey>,
  ) {
    this.#transaction = transaction;
    this.#question = question;
    this.#parts = parts;
    this.#keys = keys;
    this.#at = parts.clock.now();
  }

  async answer(wanted: WantedIdentities): Promise<ManagedIdentityCredentials> {
    const { resource, own, delegated } = wanted;
    const delegatedResources = [];
    const members = own === undefined ? {} : await this.#credential(resource, own);
    const explicit = await this.#explicit(wanted);
    for (const source of delegated) {
      delegatedResources.push({
        internal_id: source.resource.canonical,
        resource_id: source.resource.resourceId,
        explicit_identities: await this.#explicit(source),
        ...(source.own === undefined
          ? {}
          : {
              implicit_identity: await this.#named(source.resource, source.own, source.resource.resourceId),
            }),
      });
    }
    return {
      ...members,
      internal_id: resource.canonical,
      explicit_identities: explicit,
      ...(delegated.length === 0 ? {} : { delegated_resources: delegatedResources }),
    };
  }

  async #explicit({ resource, explicit }: ResourceIdentities): Promise<UserAssignedIdentityCredentials[]> {
    const answers = [];
    for (const identity of explicit) {
      answers.push(await this.#named(resource, identity, identity.identity.resourceId));
    }
    return answers;
  }

  async #named(
    resource: Resource,
    identity: ManagedIdentity,
    id: string,
  ): Promise<UserAssignedIdentityCredentials> {
    return { ...(await this.#credential(resource, identity)), resource_id: id };
  }

  async #credential(resource: Resource, identity: ManagedIdentity): Promise<CredentialMembers> {
    const { caller, asked } = this.#question;
    const { authorities, randomness } = this.#parts;
    const { tenantId, principalId: providerId, tokenId } = caller;
    const key = this.#keys.get(placeOf(resource, identity));
    if (key === undefined) {
      throw new ArmError(
        'conflict',
        'Conflict',
        'The identities of the resource changed meanwhile. Please ask again.',
      );
    }
    const issued = await issueToProvider(
      this.#transaction,
      {
        ...{ tenantId, providerId, identity, resource, key, tokenId, at: this.#at },
        assertions: assertionsOf(asked.customClaims),
      },
      { authorities, randomness },
    );
    return this.#present(resource, identity, issued);
  }

  #present(resource: Resource, identity: ManagedIdentity, issued: ProviderCredential): CredentialMembers {
    const { profile } = this.#parts;
    const { asked } = this.#question;
    const { principalId, clientId } = identity;
    const { tenantId, resourceId, location } = resource;
    const address = { tenantId, resourceId, location };
    return {
      client_id: clientId,
      client_secret: issued.store.toString('base64'),
      client_secret_url:
        identity.identity.kind === 'SystemAssigned'
          ? systemAssignedUrl(profile, address, { principalId, clientId })
          : userAssignedUrl(profile, address, clientId),
      tenant_id: tenantId,
      object_id: principalId,
      authentication_endpoint: `https://${profile.login}/`,
      mtls_authentication_endpoint: `https://${certificateLoginName(profile)}/`,
      not_before: rfc3339(issued.notBefore),
      not_after: rfc3339(issued.notAfter),
      renew_after: rfc3339(issued.renewAfter),
      cannot_renew_after: rfc3339(issued.cannotRenewAfter),
      ...(asked.customClaims === undefined ? {} : { custom_claims: asked.customClaims }),
    };
  }
}

/** Claims as segments of paths; what they hold is checked to be words and GUIDs. */
function assertionsOf({ xms_az_tm, xms_az_nwperimid }: CustomClaims = {}): readonly string[] {
  return [
    ...(xms_az_tm === undefined ? [] : [`xms_az_tm/${xms_az_tm}`]),
    ...(xms_az_nwperimid ?? []).map((id) => `xms_az_nwperimid/${id.toLowerCase()}`),
  ];
}

/** To the second, as providers' tags have it. */
function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
