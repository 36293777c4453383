import type { z } from 'zod';
import type { changedApplicationBody, newApplicationBody } from '../../../contract/graph-application.ts';
import type { PasswordCredential } from '../../../contract/graph-credentials.ts';
import type { TenantId } from '../../../foundation/ids.ts';
import {
  type ApplicationRules,
  changeApplication,
  registerApplication,
} from '../../directory/application-changes.ts';
import type { Application } from '../../directory/application-store.ts';
import { insertOwner, type Owner } from '../../directory/ownership.ts';
import type { Transaction } from '../../storage/database.ts';
import { addKey, addPassword, type HeldBy, keepPasswords, replaceKeys } from './credentials.ts';

const heldBy = ({ tenantId, clientId }: Application): HeldBy => ({
  tenantId,
  clientId,
  holder: 'application',
});

/**
 * Registers an application with the credentials that the request lists.
 *
 * @param owners whoever owns it from the start
 * @returns it, and its secrets with their values, which nothing shows again
 */
export async function createRegistration(
  transaction: Transaction,
  tenantId: TenantId,
  body: z.infer<typeof newApplicationBody>,
  owners: readonly Owner[],
  rules: ApplicationRules,
): Promise<{ readonly application: Application; readonly secrets: readonly PasswordCredential[] }> {
  const { keyCredentials = [], passwordCredentials = [], 'owners@odata.bind': _, ...members } = body;
  const application = await registerApplication(transaction, tenantId, members, rules);
  const held = heldBy(application);
  const { at, randomness } = rules;
  for (const key of keyCredentials) await addKey(transaction, held, key, { randomness, at });
  const secrets: PasswordCredential[] = [];
  for (const given of passwordCredentials) {
    secrets.push(await addPassword(transaction, held, given, { randomness, at }));
  }
  for (const owner of owners) {
    await insertOwner(transaction, { tenantId, objectId: application.objectId, ...owner, at });
  }
  return { application, secrets };
}

/** Changes an application, and its credentials where the request lists them. */
export async function changeRegistration(
  transaction: Transaction,
  application: Application,
  body: z.infer<typeof changedApplicationBody>,
  rules: ApplicationRules,
): Promise<Application> {
  const { keyCredentials, passwordCredentials, ...members } = body;
  const held = heldBy(application);
  const changed = await changeApplication(transaction, application, members, rules);
  if (keyCredentials !== undefined) await replaceKeys(transaction, held, keyCredentials, rules);
  if (passwordCredentials !== undefined)
    await keepPasswords(transaction, held, passwordCredentials, rules.at);
  return changed;
}
