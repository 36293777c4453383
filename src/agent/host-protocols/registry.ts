import type { HostProtocol } from './host-protocol.ts';
import { imds } from './imds/imds.ts';

/** Asked in this order: a protocol that serves every type stands last. */
export const hostProtocols: readonly HostProtocol[] = [imds];

/** The protocol that programs on a resource of this type expect (`Microsoft.Compute/virtualMachines`). */
export function hostProtocolOf(resourceType: string): HostProtocol {
  return hostProtocols.find((protocol) => protocol.serves(resourceType)) ?? imds;
}
