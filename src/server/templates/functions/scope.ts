import { isJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import { isArray, member } from '../json-value.ts';
import { type FunctionContext, type Operands, templateFunction } from './template-function.ts';

/** What is known of the deployment and its surroundings. */
export const scopeFunctions = [
  templateFunction('subscription', [0, 1], (operands, { facts }) =>
    here(operands, facts.subscription, 'subscription'),
  ),
  templateFunction('resourceGroup', [0, 2], (operands, { facts }) =>
    here(operands, facts.resourceGroup, 'resource group'),
  ),
  templateFunction('managementGroup', [0, 1], (operands, { facts }) =>
    here(operands, facts.managementGroup, 'management group'),
  ),
  templateFunction('tenant', 0, (_, { facts }) => facts.tenant),
  templateFunction('deployment', 0, (_, { facts }) => facts.deployment),
  templateFunction('environment', 0, (_, { facts }) => facts.environment),
  templateFunction('deployer', 0, (_, { facts }) => facts.deployer),
  templateFunction('providers', [1, 2], (operands, { facts }) => {
    const [namespace, type] = operands.strings();
    const found = facts.providers(namespace as string, type);
    return (
      found ??
      operands.fail(
        `does not know the resource provider or type '${[namespace, type].filter(Boolean).join('/')}'`,
      )
    );
  }),
  templateFunction('pickZones', [3, 5], pickZones),
  templateFunction('toLogicalZone', 3, (operands) => logicalZone(operands, operands.value(2))),
  templateFunction('toLogicalZones', 3, (operands) =>
    operands.array(2).map((zone) => logicalZone(operands, zone)),
  ),
  templateFunction('toPhysicalZone', 3, (operands) => physicalZone(operands, operands.value(2))),
  templateFunction('toPhysicalZones', 3, (operands) =>
    operands.array(2).map((zone) => physicalZone(operands, zone)),
  ),
];

/** A deployment knows its own scopes only; another one's is asked for with `reference`. */
function here(operands: Operands, fact: JsonObject | undefined, what: string): JsonValue {
  if (operands.count > 0) operands.fail(`knows only the ${what} of the deployment`);
  return fact ?? operands.fail(`is not expected at this location: the deployment is not in a ${what}`);
}

/** Zones as the provider's document names them; a type or location without zones has none. */
function pickZones(operands: Operands, { facts }: FunctionContext): JsonValue {
  const [namespace, type, location] = [operands.string(0), operands.string(1), operands.string(2)];
  const count = operands.has(3) ? operands.int(3) : 1;
  const offset = operands.has(4) ? operands.int(4) : 0;
  if (count < 1 || count > 3) operands.fail("expects a number of zones from '1' to '3'");
  const zones = zonesOf(facts.providers(namespace, type), location);
  if (zones.length === 0) return [];
  if (offset < 0 || offset + count > zones.length) {
    operands.fail(
      `expects an offset and a number of zones within the '${zones.length}' zones of the location`,
    );
  }
  return zones.slice(offset, offset + count);
}

function zonesOf(provider: JsonValue | undefined, location: string): readonly JsonValue[] {
  const mappings = isJsonObject(provider) ? member(provider, 'zoneMappings') : undefined;
  if (!isArray(mappings)) return [];
  const wanted = location.toLowerCase().replaceAll(' ', '');
  for (const mapping of mappings) {
    if (!isJsonObject(mapping)) continue;
    const [place, zones] = [member(mapping, 'location'), member(mapping, 'zones')];
    if (typeof place === 'string' && place.toLowerCase().replaceAll(' ', '') === wanted && isArray(zones)) {
      return zones.toSorted();
    }
  }
  return [];
}

/** Zones of every subscription are numbered alike: `1` of a location is its `location-az1`. */
function physicalZone(operands: Operands, zone: JsonValue): string {
  if (typeof zone === 'string' && /^[1-9]$/.test(zone)) return `${locationOf(operands)}-az${zone}`;
  return operands.fail("expects a logical zone such as '1'");
}

function logicalZone(operands: Operands, zone: JsonValue): string {
  const prefix = `${locationOf(operands)}-az`;
  const found =
    typeof zone === 'string' && zone.toLowerCase().startsWith(prefix) ? zone.slice(prefix.length) : '';
  return /^[1-9]$/.test(found)
    ? found
    : operands.fail(`expects a physical zone of the location such as '${prefix}1'`);
}

function locationOf(operands: Operands): string {
  return operands.string(1).slice(0, 100).toLowerCase().replaceAll(' ', '');
}
