import { DomainError } from '../../foundation/domain-error.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Applications } from './applications.ts';
import {
  type ContinueUrl,
  claimedRedirectOf,
  onceAsked,
  parseContinue,
  tenantSegmentOf,
} from './continue-url.ts';
import { destinationOf } from './page.ts';
import type { SignInPurpose } from './sign-in-records.ts';

/** What a step of the sign-in leads to. */
export interface Destination {
  readonly onward: ContinueUrl;
  /** Where the person goes once signed in. */
  readonly next: string;
  /** For the page to say. */
  readonly to: string;
  /** Whose people are meant, where that is said. */
  readonly tenant: Tenant | undefined;
  readonly purpose: SignInPurpose;
  /** Where forms of the step may lead in the end. */
  readonly leadsTo: readonly string[];
}

/**
 * Reads the `continue` of a page.
 *
 * @throws DomainError `malformed` for one that leads elsewhere, and those of `Applications.find`
 */
export async function readDestination(
  applications: Applications,
  text: string | undefined,
): Promise<Destination> {
  const onward = parseContinue(text);
  if (onward === undefined) throw new DomainError('malformed', 'There is nothing here to go on to.');
  const shared = { onward, next: onceAsked(onward), leadsTo: destinationOf(claimedRedirectOf(onward)) };
  const segment = tenantSegmentOf(onward);
  if (segment === undefined) return { ...shared, to: 'your device', tenant: undefined, purpose: {} };
  const claimed = onward.url.searchParams.get('client_id') ?? '';
  const { client, tenant } = await applications.find(segment, claimed);
  const { clientId, displayName } = client;
  return { ...shared, to: displayName, tenant, purpose: { clientId, clientName: displayName } };
}
