import { jwtBearerAssertion, jwtPopAssertion } from '../../contract/oauth2.ts';
import type { Clock } from '../../foundation/clock.ts';
import { type DomainError, unreachable } from '../../foundation/domain-error.ts';
import { type ClientId, parseGuid, type TenantId } from '../../foundation/ids.ts';
import { examineSecret } from '../directory/applications.ts';
import type { Client } from '../directory/client-store.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { bindingIn, isMet } from './bound-tokens.ts';
import {
  type AssertionFacts,
  type ClaimedAssertion,
  type ClientAssertions,
  readAssertion,
} from './client-assertion.ts';
import { type FederatedAssertions, type FederatedProof, namesOtherIssuer } from './federated-assertion.ts';
import { isPublic, RegisteredClients } from './registered-clients.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { ClientProof } from './token-decision.ts';
import { decode, given, type TokenForm } from './token-form.ts';

/** A client that has proven itself, and may sign in. */
export interface AuthenticatedClient {
  readonly principal: Principal;
  readonly proof: Exclude<ClientProof, 'none'>;
  /** ARM id of the resource whose host holds the certificate; only from a host's credential. */
  readonly hostResourceId: string | undefined;
  /** What was shown, for the audit line: a certificate's thumbprint, a federated credential's id, a secret's key id. */
  readonly credential: string | undefined;
  /** For whoever refuses what comes again; `undefined` where the client showed no assertion. */
  readonly assertion: AssertionFacts | undefined;
  /** By which federated credential it was let in; only where it showed a token of another issuer. */
  readonly federation?: FederatedProof;
}

/** A client that keeps no credential and is registered so: an application of people's own machines and browsers. */
export interface PublicClient {
  readonly proof: 'none';
  readonly clientId: ClientId;
  readonly displayName: string;
  /** Its principal in the tenant; `undefined` for an application that every tenant knows without one. */
  readonly principal: Principal | undefined;
}

/** What a request shows to prove its client. */
type ClaimedCredential =
  | { readonly kind: 'secret'; readonly claimedClientId: string; readonly secret: string }
  | {
      readonly kind: 'assertion';
      readonly claimedClientId: string | undefined;
      readonly assertion: ClaimedAssertion;
    }
  | { readonly kind: 'certificate'; readonly claimedClientId: string; readonly thumbprint: string };

/** What a request brings along from which its client is found. */
export interface ShownByClient {
  readonly form: TokenForm;
  readonly authorization: string | undefined;
  /** SHA-256 of the certificate that the connection shows, base64url; only where the endpoint asks for one. */
  readonly certificate: string | undefined;
  readonly grant: string;
}

/**
 * RFC 6749 §2.3 with the methods of b.1: `client_secret_post`, `client_secret_basic`, `private_key_jwt`, and
 * `self_signed_tls_client_auth` (RFC 8705 §2.2) where the endpoint asks for certificates.
 */
export class ClientAuthentication {
  readonly #directory: Pick<Directory, 'client'>;
  readonly #registered: RegisteredClients;
  readonly #assertions: ClientAssertions;
  readonly #federated: FederatedAssertions;
  readonly #keys: SigningKeys;
  readonly #clock: Clock;

  constructor(parts: {
    readonly directory: Pick<Directory, 'client'>;
    readonly assertions: ClientAssertions;
    readonly federated: FederatedAssertions;
    readonly keys: SigningKeys;
    readonly clock: Clock;
  }) {
    this.#directory = parts.directory;
    this.#registered = new RegisteredClients(parts.directory);
    this.#assertions = parts.assertions;
    this.#federated = parts.federated;
    this.#keys = parts.keys;
    this.#clock = parts.clock;
  }

  /**
   * The client of a request. One that does not exist costs the same work as one that shows a wrong credential.
   *
   * @throws DomainError of `aadsts.ts`: 700016, 7000112, 7000215, 7000216, 7000222 and those of assertions
   */
  async authenticate(tenant: Tenant, request: ShownByClient): Promise<AuthenticatedClient> {
    const claimed = readCredential(request);
    if (claimed === undefined) throw aadsts(7000216, { grant: request.grant });
    return await this.#prove(tenant, claimed);
  }

  /**
   * The client of a request that clients without a credential may make too: it is proven where it shows one, and taken
   * at its word only where it is registered as a public client. The certificate of a public client's connection proves
   * nothing: it is there for tokens to be bound to (RFC 8705 §4).
   *
   * @throws DomainError of `aadsts.ts`: those of `authenticate`, and 7000218 for a confidential client that shows nothing
   */
  async identify(tenant: Tenant, request: ShownByClient): Promise<AuthenticatedClient | PublicClient> {
    const claimedClientId = given(request.form, 'client_id') ?? '';
    const registered = await this.#registered.find(tenant, claimedClientId);
    const claimed = readCredential(request);
    const onlyBinds = claimed?.kind === 'certificate' && registered !== undefined && isPublic(registered);
    if (claimed !== undefined && !onlyBinds) {
      if (registered?.principal === undefined && registered !== undefined) throw aadsts(700025, {});
      return await this.#prove(tenant, claimed);
    }
    if (registered === undefined) throw unknownClient(claimedClientId, tenant);
    if (!isPublic(registered)) throw aadsts(7000218, {});
    const { clientId, displayName, principal } = registered;
    return { proof: 'none', clientId, displayName, principal };
  }

  async #prove(tenant: Tenant, claimed: ClaimedCredential): Promise<AuthenticatedClient> {
    const client = await this.#check(tenant, claimed);
    const { principal } = client;
    if (!principal.enabled) {
      throw aadsts(7000112, { client: principal.clientId, name: principal.displayName });
    }
    return client;
  }

  async #check(tenant: Tenant, claimed: ClaimedCredential): Promise<AuthenticatedClient> {
    switch (claimed.kind) {
      case 'secret':
        return await this.#bySecret(tenant, claimed);
      case 'assertion':
        return await this.#byAssertion(tenant, claimed);
      case 'certificate':
        return await this.#byCertificate(tenant, claimed);
      default:
        return unreachable(claimed);
    }
  }

  async #bySecret(
    tenant: Tenant,
    { claimedClientId, secret }: Extract<ClaimedCredential, { readonly kind: 'secret' }>,
  ): Promise<AuthenticatedClient> {
    const client = await this.#find(tenant.tenantId, parseGuid<ClientId>(claimedClientId));
    const { result, secretId } = examineSecret(client?.secrets, secret, this.#clock.now());
    if (client === undefined) throw unknownClient(claimedClientId, tenant);
    const { principal } = client;
    if (result === 'wrong' && isPublicAlone(client)) throw aadsts(700025, {});
    if (result === 'expired') throw aadsts(7000222, { client: principal.clientId });
    if (result === 'wrong') throw aadsts(7000215, { client: principal.clientId });
    return {
      principal,
      proof: 'secret',
      hostResourceId: undefined,
      credential: secretId,
      assertion: undefined,
    };
  }

  async #byAssertion(
    tenant: Tenant,
    { claimedClientId, assertion }: Extract<ClaimedCredential, { readonly kind: 'assertion' }>,
  ): Promise<AuthenticatedClient> {
    const clientId =
      claimedClientId === undefined ? assertion.claimedSubject : parseGuid<ClientId>(claimedClientId);
    const client = await this.#find(tenant.tenantId, clientId);
    const principal = client?.principal;
    if (principal !== undefined && namesOtherIssuer(assertion)) {
      const now = this.#clock.now();
      const { federation, facts } = await this.#federated.check({ tenant, principal, assertion, now });
      return {
        principal,
        proof: 'federated',
        hostResourceId: undefined,
        credential: federation.credentialId,
        assertion: facts,
        federation,
      };
    }
    const keys = await this.#keys.of(tenant.tenantId);
    const proven = await this.#assertions.check({
      tenant,
      assertion,
      principal,
      isPublic: client !== undefined && isPublicAlone(client),
      decoy: keys?.active?.publicKey,
      now: this.#clock.now(),
    });
    if (principal === undefined || proven === undefined) {
      throw unknownClient(claimedClientId ?? clientId ?? '', tenant);
    }
    return {
      principal,
      proof: 'certificate',
      hostResourceId: proven.certificate.resourceId,
      credential: proven.certificate.thumbprint,
      assertion: proven.facts,
    };
  }

  /** TLS has proven that the client holds the key: what is left is whose certificate it is, and whether it stands. */
  async #byCertificate(
    tenant: Tenant,
    { claimedClientId, thumbprint }: Extract<ClaimedCredential, { readonly kind: 'certificate' }>,
  ): Promise<AuthenticatedClient> {
    const principal = (await this.#find(tenant.tenantId, parseGuid<ClientId>(claimedClientId)))?.principal;
    if (principal === undefined) throw unknownClient(claimedClientId, tenant);
    const certificate = await this.#assertions.certificateOf(principal, thumbprint, this.#clock.now());
    return {
      principal,
      proof: 'certificate',
      hostResourceId: certificate.resourceId,
      credential: certificate.thumbprint,
      assertion: undefined,
    };
  }

  async #find(tenantId: TenantId, clientId: ClientId | undefined) {
    return clientId === undefined ? undefined : await this.#directory.client(tenantId, clientId);
  }
}

/** Registered to keep no credential, and keeping none that could be the one shown. */
function isPublicAlone({ manifest, secrets }: Client): boolean {
  return manifest.isFallbackPublicClient === true && secrets.length === 0;
}

function unknownClient(claimedClientId: string, tenant: Tenant): DomainError {
  return aadsts(700016, { client: claimedClientId, tenant: tenant.displayName });
}

/**
 * What the request shows; one method only (RFC 6749 §2.3). A certificate of the connection proves the client where
 * nothing else is shown; beside something else it is what a token can be bound to.
 *
 * @returns `undefined` where it shows nothing
 * @throws DomainError AADSTS900144, 9002313 and those of `readAssertion`
 */
function readCredential({ form, authorization, certificate }: ShownByClient): ClaimedCredential | undefined {
  const clientId = given(form, 'client_id');
  const secret = given(form, 'client_secret');
  const assertion = given(form, 'client_assertion');
  const basic = readBasic(authorization);
  const methods = [secret, assertion, basic].filter((method) => method !== undefined);
  if (methods.length > 1) {
    throw aadsts(9002313, { reason: 'The request shows more than one credential of the client.' });
  }
  if (basic !== undefined) {
    if (clientId !== undefined && clientId.toLowerCase() !== basic.claimedClientId.toLowerCase()) {
      throw aadsts(9002313, { reason: "The Authorization header and 'client_id' name different clients." });
    }
    return basic;
  }
  if (assertion !== undefined) {
    const type = given(form, 'client_assertion_type');
    if (type === undefined) throw aadsts(900144, { parameter: 'client_assertion_type' });
    if (type !== jwtBearerAssertion && type !== jwtPopAssertion) {
      throw aadsts(9002313, { reason: "The 'client_assertion_type' is not supported." });
    }
    const claimed = readAssertion(assertion);
    checkBinding(claimed, type === jwtPopAssertion, certificate);
    return { kind: 'assertion', claimedClientId: clientId, assertion: claimed };
  }
  if (clientId === undefined) throw aadsts(900144, { parameter: 'client_id' });
  if (secret !== undefined) return { kind: 'secret', claimedClientId: clientId, secret };
  if (certificate === undefined) return undefined;
  return { kind: 'certificate', claimedClientId: clientId, thumbprint: certificate };
}

/** An assertion that is bound to a certificate counts only over a connection with it. */
function checkBinding(
  { jws }: ClaimedAssertion,
  mustBeBound: boolean,
  certificate: string | undefined,
): void {
  const binding = bindingIn(jws.payload);
  if (binding === undefined ? mustBeBound : !isMet(binding, certificate)) {
    throw aadsts(50027, { reason: 'The client assertion is bound to a certificate that is not shown.' });
  }
}

/** RFC 6749 §2.3.1: both halves form-encoded, then base64. */
function readBasic(
  authorization: string | undefined,
): Extract<ClaimedCredential, { readonly kind: 'secret' }> | undefined {
  const encoded = authorization && /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) return undefined;
  return {
    kind: 'secret',
    claimedClientId: decode(text.slice(0, colon)),
    secret: decode(text.slice(colon + 1)),
  };
}
