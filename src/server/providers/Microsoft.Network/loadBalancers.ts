import type { ResourceType } from '../../resource-manager/provider.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { networkType } from './network-type.ts';
import { type Parts, partsType } from './parts.ts';

const lists: readonly Parts[] = [
  'frontendIPConfigurations',
  'backendAddressPools',
  'loadBalancingRules',
  'probes',
  'inboundNatRules',
  'inboundNatPools',
  'outboundRules',
].map((member) => ({ of: 'loadBalancers', member, defaults: {} }));

/** What can be written by itself; the others are written with the load balancer. */
const alone = ['backendAddressPools', 'inboundNatRules'];

/** Load balancers, as a scale set names one. */
export function loadBalancers(dependencies: TrackedDependencies): readonly ResourceType[] {
  const balancer = networkType(
    { type: 'loadBalancers', parts: lists, defaults: {}, readOnly: [] },
    dependencies,
  );
  const parts = lists.filter(({ member }) => alone.includes(member));
  return [balancer, ...parts.map((each) => partsType(dependencies.database, each))];
}
