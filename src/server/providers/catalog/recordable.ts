import type { TypeFacts } from './facts.ts';

/**
 * Namespaces of which no record is kept for its own sake, lower case: what stands in them says who somebody is, who may
 * do what, what is secret or what is enforced. A record that nothing acts on would be believed.
 */
const meaningful: ReadonlySet<string> = new Set([
  // what Innate itself decides
  'microsoft.authorization',
  'microsoft.keyvault',
  'microsoft.managedidentity',
  'microsoft.management',
  'microsoft.resources',
  'microsoft.subscription',
  'microsoft.subscriptions.admin',
  // directories, and who people and applications are
  'microsoft.aad',
  'microsoft.aadiam',
  'microsoft.azureactivedirectory',
  'microsoft.graphservices',
  'microsoft.verifiedid',
  // rights given to others, and rules that bind
  'microsoft.blueprint',
  'microsoft.features',
  'microsoft.managedservices',
  'microsoft.policyinsights',
  'microsoft.security',
  // keys and what proves them
  'microsoft.attestation',
  'microsoft.hardwaresecuritymodules',
  'microsoft.secretsynccontroller',
]);

/** Whether resources of a type are kept as records. What is asked of a region (`locations/…`) is no resource. */
export function isRecordable({ namespace, type }: Pick<TypeFacts, 'namespace' | 'type'>): boolean {
  const name = namespace.toLowerCase();
  if (meaningful.has(name) || name.startsWith('innate.')) return false;
  return !/^locations(\/|$)/i.test(type);
}
