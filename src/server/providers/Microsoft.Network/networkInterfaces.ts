import type * as z from 'zod';
import { asJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import { ipConfigurationsSchema } from '../../../contract/Microsoft.Network.ts';
import type { TenantId } from '../../../foundation/ids.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { findByReference, type Held, hold, holderOf } from '../../resource-manager/holding.ts';
import { requireLinked } from '../../resource-manager/linked-access.ts';
import type { OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { entityTag } from '../../resource-manager/resource-presentation.ts';
import { findResource, type Resource, saveResource } from '../../resource-manager/resource-store.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { addressInTurn } from './addresses.ts';
import { networkType } from './network-type.ts';
import { findPart } from './parts.ts';
import { subnets } from './virtualNetworks.ts';

type Configuration = z.infer<typeof ipConfigurationsSchema>[number];

const done = 'Microsoft.Network/networkInterfaces/write';

/** Network interfaces: which subnet a machine is in, with an address of it, and which public address it has. */
export function networkInterfaces(dependencies: TrackedDependencies): ResourceType {
  return networkType(
    {
      type: 'networkInterfaces',
      parts: [],
      defaults: { enableIPForwarding: false, enableAcceleratedNetworking: false, nicType: 'Standard' },
      readOnly: ['virtualMachine', 'macAddress', 'primary', 'hostedWorkloads', 'tapConfigurations'],
      settle,
      present(resource) {
        const machine = holderOf(resource);
        return {
          ipConfigurations: configurationsOf(resource).map((each) => present(resource, each)),
          dnsSettings: {
            dnsServers: [],
            appliedDnsServers: [],
            ...asJsonObject(resource.properties['dnsSettings']),
          },
          hostedWorkloads: [],
          tapConfigurations: [],
          macAddress: macAddress(String(resource.properties['resourceGuid'])),
          ...(machine === undefined ? {} : { primary: true, virtualMachine: { id: machine } }),
        };
      },
    },
    dependencies,
  );
}

function configurationsOf({ properties }: Pick<Resource, 'properties'>): readonly Configuration[] {
  const list = properties['ipConfigurations'];
  return Array.isArray(list) ? (list as unknown as readonly Configuration[]) : [];
}

function present(resource: Resource, { name, properties }: Configuration): JsonObject {
  return {
    name,
    id: `${resource.resourceId}/ipConfigurations/${name}`,
    etag: entityTag(resource),
    type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
    properties: { provisioningState: 'Succeeded', ...(properties as JsonObject) },
  };
}

/** Gives each configuration an address of its subnet, and holds the public addresses that they name. */
async function settle(
  transaction: Transaction,
  written: Resource,
  context: OperationContext,
): Promise<Resource> {
  const { tenantId } = written;
  const before = await findResource(transaction, tenantId, written.canonical);
  const known = before === undefined ? [] : configurationsOf(before);
  const settled: JsonValue[] = [];
  const held: Held[] = [];
  for (const [index, sent] of readConfigurations(written).entries()) {
    const same = known.find(({ name }) => name.toLowerCase() === sent.name.toLowerCase());
    const properties = sent.properties ?? {};
    const { publicIPAddress } = properties;
    if (publicIPAddress != null) {
      const { id } = publicIPAddress;
      await joined(context, 'publicIPAddresses', id, same?.properties?.publicIPAddress?.id);
      const resource = await referenced(transaction, written, id);
      held.push({ resource, by: `${written.resourceId}/ipConfigurations/${sent.name}` });
    }
    settled.push({
      name: sent.name,
      properties: {
        primary: index === 0,
        privateIPAddressVersion: 'IPv4',
        privateIPAllocationMethod: 'Dynamic',
        ...(properties as JsonObject),
        ...(await addressOf(transaction, context, written, sent, same)),
      },
    });
  }
  const group = asJsonObject(written.properties['networkSecurityGroup'])?.['id'];
  if (typeof group === 'string') {
    await joined(
      context,
      'networkSecurityGroups',
      group,
      asJsonObject(before?.properties['networkSecurityGroup'])?.['id'],
    );
    await referenced(transaction, written, group);
  }
  const holder = { ...written, properties: { ...written.properties, ipConfigurations: settled } };
  return await hold(transaction, holder, held, context.at);
}

function readConfigurations({ properties, resourceId }: Resource): readonly Configuration[] {
  const parsed = ipConfigurationsSchema.safeParse(properties['ipConfigurations'] ?? []);
  if (parsed.success && parsed.data.length > 0) return parsed.data.map(bare);
  throw new ArmError(
    'invalid-value',
    'NetworkInterfaceMustHaveOneIpConfiguration',
    `Network interface ${resourceId} must have at least one valid IP configuration.`,
    { refusedBy: 'service' },
  );
}

/** What a client read and sends back is not what it means to say. */
function bare({ name, properties }: Configuration): Configuration {
  const { provisioningState: _state, ...rest } = properties ?? {};
  return { name, properties: rest };
}

/** The address of a configuration: the one that is asked for, the one that it has, or the next of its subnet. */
async function addressOf(
  transaction: Transaction,
  context: OperationContext,
  written: Resource,
  sent: Configuration,
  same: Configuration | undefined,
): Promise<JsonObject> {
  const { subnet, privateIPAddress, privateIPAllocationMethod } = sent.properties ?? {};
  if (subnet == null) throw invalidReference('', written.resourceId);
  const before = same?.properties?.subnet?.id;
  await joined(context, 'virtualNetworks/subnets', subnet.id, before);
  const network = await findByReference(
    transaction,
    written.tenantId,
    subnet.id.replace(/\/subnets\/[^/]+$/i, ''),
  );
  const name = /\/subnets\/([^/]+)$/i.exec(subnet.id)?.[1];
  const part = network === undefined || name === undefined ? undefined : findPart(subnets, network, name);
  if (network === undefined || part === undefined) throw invalidReference(subnet.id, written.resourceId);
  if (/^static$/i.test(privateIPAllocationMethod ?? '') && privateIPAddress != null)
    return { privateIPAddress };
  const kept = same?.properties?.privateIPAddress;
  if (kept != null && before?.toLowerCase() === subnet.id.toLowerCase()) return { privateIPAddress: kept };
  const { addressPrefix, addressPrefixes } = part.properties;
  const prefix = addressPrefix ?? (Array.isArray(addressPrefixes) ? addressPrefixes[0] : undefined);
  const turns = asJsonObject(network.state['turns']) ?? {};
  const key = part.name.toLowerCase();
  const turn = Number(turns[key] ?? 0);
  const address = addressInTurn(String(prefix ?? ''), turn);
  if (address === undefined) {
    throw new ArmError(
      'invalid-value',
      'SubnetIsFull',
      `Subnet ${part.name} with address prefix ${String(prefix ?? '')} does not have enough capacity for 1 IP addresses.`,
      { refusedBy: 'service' },
    );
  }
  const state = { ...network.state, turns: { ...turns, [key]: turn + 1 } };
  await saveResource(transaction, { ...network, state, changedAt: context.at });
  return { privateIPAddress: address };
}

/** A link that is new takes the right to join there; one that stands was allowed when it was made. */
async function joined(
  context: OperationContext,
  type: string,
  id: string,
  before: JsonValue | undefined,
): Promise<void> {
  if (typeof before === 'string' && before.toLowerCase() === id.toLowerCase()) return;
  await requireLinked(context, { id, action: `Microsoft.Network/${type}/join/action`, done });
}

async function referenced(
  transaction: Transaction,
  { tenantId, resourceId }: { readonly tenantId: TenantId; readonly resourceId: string },
  id: string,
): Promise<Resource> {
  const resource = await findByReference(transaction, tenantId, id);
  if (resource === undefined) throw invalidReference(id, resourceId);
  return resource;
}

function invalidReference(id: string, resourceId: string): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidResourceReference',
    `Resource ${id} referenced by resource ${resourceId} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    { refusedBy: 'service' },
  );
}

/** Made of the interface's own id, under the vendor's prefix of Azure's hosts. */
function macAddress(resourceGuid: string): string {
  const digits = resourceGuid.replaceAll('-', '').slice(0, 6).toUpperCase();
  return `00-0D-3A-${digits.slice(0, 2)}-${digits.slice(2, 4)}-${digits.slice(4, 6)}`;
}
