import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { DeviceAnswerV1, DeviceAnswerV2 } from '../../contract/oauth2.ts';
import type { Clock } from '../../foundation/clock.ts';
import { type ClientId, parseGuid } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { Database } from '../storage/database.ts';
import { parseDelegatedScope } from './delegated-scope.ts';
import { deviceCodeLife, issueDeviceCode } from './device-codes.ts';
import { firstPartyClient } from './first-party-clients.ts';
import type { TokenVersion } from './issuers.ts';
import type { RegisteredClients } from './registered-clients.ts';
import { RequestBudget } from './request-budget.ts';
import { given, parseTokenForm, required, type TokenForm } from './token-form.ts';

export interface DeviceAuthorizationParts {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly directory: Pick<Directory, 'tenant'>;
  readonly registered: RegisteredClients;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Codes of one network address: each is a row that nobody has proven anything for. */
const budget = { rate: 1, burst: 200 };
/** Seconds between two polls. */
const interval = 5;

/** The device authorisation endpoint (RFC 8628 §3.1, c.5): a device gets a code for its person to type elsewhere. */
export class DeviceAuthorization {
  readonly #parts: DeviceAuthorizationParts;
  readonly #requests: RequestBudget;

  constructor(parts: DeviceAuthorizationParts) {
    this.#parts = parts;
    this.#requests = new RequestBudget(budget, parts.clock);
  }

  /** @throws DomainError in the words of `aadsts.ts` */
  async answer(request: {
    readonly version: TokenVersion;
    readonly claimedTenant: string;
    readonly body: string | undefined;
    /** Where the device asks from; the person is shown it. */
    readonly address: string;
  }): Promise<DeviceAnswerV1 | DeviceAnswerV2> {
    const { clock, database, profile, randomness } = this.#parts;
    const { version, address, body } = request;
    if (!this.#requests.take(address)) throw aadsts(90055, {});
    const tenant = await this.#tenant(request.claimedTenant);
    if (body === undefined) throw aadsts(900144, { parameter: 'client_id' });
    const form = parseTokenForm(body);
    const clientId = await this.#client(tenant, form);
    const resource = version === 'v1' ? given(form, 'resource') : undefined;
    const scope = version === 'v1' ? (given(form, 'scope') ?? '') : required(form, 'scope');
    if (version === 'v1' && resource === undefined && scope === '') {
      throw aadsts(900144, { parameter: 'resource' });
    }
    parseDelegatedScope(scope);
    const { deviceCode, userCode } = await database.transaction((transaction) =>
      issueDeviceCode(
        transaction,
        {
          ...{ tenantId: tenant?.tenantId, clientId, at: clock.now() },
          request: { scope, address, ...(resource === undefined ? {} : { resource }) },
        },
        randomness,
      ),
    );
    const page = `https://${profile.login}/device`;
    const answer = {
      user_code: userCode,
      device_code: deviceCode,
      message: `To sign in, use a web browser to open the page ${page} and enter the code ${userCode} to authenticate.`,
    };
    return version === 'v1'
      ? {
          ...answer,
          verification_url: page,
          expires_in: String(deviceCodeLife),
          interval: String(interval),
        }
      : { ...answer, verification_uri: page, expires_in: deviceCodeLife, interval };
  }

  async #tenant(claimedTenant: string): Promise<Tenant | undefined> {
    const name = parseTenantName(claimedTenant);
    if (name === undefined) throw aadsts(900023, { tenant: claimedTenant });
    if (name.kind === 'alias' && name.alias !== 'consumers') return undefined;
    const tenant = name.kind === 'alias' ? undefined : await this.#parts.directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: claimedTenant });
    return tenant;
  }

  /** Where no tenant is named, only an application that every tenant knows is known. */
  async #client(tenant: Tenant | undefined, form: TokenForm): Promise<ClientId> {
    const claimed = required(form, 'client_id');
    if (tenant === undefined) {
      const clientId = parseGuid<ClientId>(claimed);
      const known = clientId && firstPartyClient(clientId);
      if (known === undefined) throw aadsts(50059, {});
      return known.clientId;
    }
    const client = await this.#parts.registered.find(tenant, claimed);
    if (client === undefined) throw aadsts(700016, { client: claimed, tenant: tenant.displayName });
    if (!client.fallbackPublic) throw aadsts(7000218, {});
    return client.clientId;
  }
}
