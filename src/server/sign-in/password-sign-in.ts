import type { Clock } from '../../foundation/clock.ts';
import type { Directory } from '../directory/directory.ts';
import { selectTenants, type Tenant } from '../directory/directory-store.ts';
import { passwordMatches, selectNamedUser } from '../directory/passwords.ts';
import { parseTenantName } from '../directory/tenants.ts';
import type { User } from '../directory/user-store.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { Database } from '../storage/database.ts';
import { admitAttempt, type FailingSubject, forgiveAttempt } from './failed-attempts.ts';

/** Characters of a user name looked at. */
const longestName = 320;
/** Hashes computed at once: they take memory and threads that signatures need too. */
const atOnce = 2;
const waiting = 32;

/** Finds out whether somebody is the person they say, by their password. */
export class PasswordSignIn {
  readonly #database: Database;
  readonly #directory: Pick<Directory, 'tenant'>;
  readonly #clock: Clock;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(parts: {
    readonly database: Database;
    readonly directory: Pick<Directory, 'tenant'>;
    readonly clock: Clock;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
  }

  /**
   * The person of a name and a password. One that does not exist costs the same work as a wrong password, and is
   * answered the same (C13).
   *
   * @param tenant where only one's people may sign in
   * @throws DomainError AADSTS50126, 50053 after too many, 50057 for a disabled account with its right password
   */
  async signIn(
    tenant: Tenant | undefined,
    shown: { readonly name: string; readonly password: string; readonly address: string },
  ): Promise<{ readonly user: User; readonly mustChange: boolean }> {
    const name = shown.name.trim();
    const at = this.#clock.now();
    const home = tenant ?? (await this.tenantOfName(name));
    const subjects: FailingSubject[] = [{ kind: 'address', address: shown.address }];
    if (home !== undefined) subjects.unshift({ kind: 'name', tenantId: home.tenantId, name });
    const admitted = await this.#database.transaction(async (transaction) => {
      for (const subject of subjects) {
        if (!(await admitAttempt(transaction, subject, at))) return false;
      }
      return true;
    });
    if (!admitted) throw aadsts(50053, {});
    const found = await this.#find(home, name);
    const right = await this.#inTurn(() => passwordMatches(found?.hash, shown.password));
    if (!right || found === undefined) throw aadsts(50126, {});
    if (!found.user.enabled) throw aadsts(50057, {});
    await this.#database.transaction(async (transaction) => {
      for (const subject of subjects) await forgiveAttempt(transaction, subject);
    });
    return { user: found.user, mustChange: found.mustChange };
  }

  /** The tenant of a name's domain, or the only one there is. */
  async tenantOfName(name: string): Promise<Tenant | undefined> {
    const domain = parseTenantName(name.slice(name.lastIndexOf('@') + 1));
    const byDomain = domain?.kind === 'domain' ? await this.#directory.tenant(domain) : undefined;
    if (byDomain !== undefined) return byDomain;
    const [first, second] = await selectTenants(this.#database.read, 2);
    return second === undefined ? first : undefined;
  }

  async #find(tenant: Tenant | undefined, name: string) {
    if (tenant === undefined || name === '' || name.length > longestName || /\p{Cc}/u.test(name)) {
      return undefined;
    }
    return await selectNamedUser(this.#database.read, tenant.tenantId, name);
  }

  /** @throws DomainError AADSTS90055 where too many wait */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) {
      if (this.#queue.length >= waiting) throw aadsts(90055, {});
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
