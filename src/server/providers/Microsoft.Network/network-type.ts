import type { JsonObject } from '../../../contract/arm.ts';
import { networkNamePattern, networkResourceSchema } from '../../../contract/Microsoft.Network.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { mergePatch, without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDeclaration, TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import { networkApiVersions } from './api-versions.ts';
import { type Parts, presentParts, storedParts } from './parts.ts';

/** What a type of network resource declares; they are state and nothing more: no packet is sent through them. */
export interface NetworkType {
  /** Below the namespace: `virtualNetworks`. */
  readonly type: string;
  /** Its lists of things with ids of their own. */
  readonly parts: readonly Parts[];
  /** Properties that it has where they are not sent. */
  readonly defaults: JsonObject;
  /** Members of its properties that only the server writes. */
  readonly readOnly: readonly string[];
  /** Envelope where nothing is sent of it. */
  readonly envelope?: (members: JsonObject) => JsonObject;
  readonly settle?: NonNullable<TrackedDeclaration['settle']>;
  /** What else it shows. */
  present?(resource: Resource): JsonObject;
}

export function networkType(declared: NetworkType, dependencies: TrackedDependencies): ResourceType {
  const { type, parts, defaults, settle, envelope } = declared;
  const readOnly = ['provisioningState', 'resourceGuid', ...declared.readOnly];
  const kept = (sent: object | null | undefined): JsonObject => {
    const properties = without((sent ?? {}) as JsonObject, readOnly);
    const lists = parts.map(({ member }, index) => [
      member,
      storedParts(parts[index] as Parts, properties[member] ?? undefined),
    ]);
    return { ...properties, ...Object.fromEntries(lists.filter(([, list]) => list !== undefined)) };
  };
  return trackedResource(
    {
      namespace: 'Microsoft.Network',
      type,
      apiVersions: networkApiVersions,
      put: networkResourceSchema,
      patch: networkResourceSchema,
      extraMembers: ['sku', 'zones', 'extendedLocation'],
      statusOfNew: 201,
      deletion: 'polled',
      entityTags: true,
      systemData: false,
      requireName(name) {
        if (networkNamePattern.test(name)) return;
        const rule = 'it has 1 to 80 letters, digits, underscores, hyphens and inner periods';
        throw invalidResourceName(`Microsoft.Network/${type}`, name, rule);
      },
      replace(sent, { existing, randomness }) {
        const before = existing?.properties;
        // a list of parts that is not sent is left as it is: each of them can have been written by itself
        const lists = parts.map(({ member }) => [member, before?.[member] ?? []]);
        return {
          ...defaults,
          ...Object.fromEntries(lists),
          ...withoutNulls(kept(sent)),
          resourceGuid: before?.['resourceGuid'] ?? randomness.uuid(),
        };
      },
      merge: (sent, { existing }) => mergePatch(existing.properties, kept(sent)),
      ...(settle === undefined ? {} : { settle }),
      ...(envelope === undefined ? {} : { envelope }),
      present: (resource) => ({
        provisioningState: resource.provisioningState,
        ...resource.properties,
        ...Object.fromEntries(parts.map((each) => [each.member, presentParts(each, resource)])),
        ...declared.present?.(resource),
      }),
    },
    dependencies,
  );
}
