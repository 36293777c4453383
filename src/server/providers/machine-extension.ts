import { z } from 'zod';
import { type JsonObject, jsonObjectSchema, trackedEnvelope } from '../../contract/arm.ts';
import { invalidResourceName } from '../resource-manager/arm-errors.ts';
import { mergePatch, without, withoutNulls } from '../resource-manager/merge-patch.ts';
import type { ResourceType } from '../resource-manager/provider.ts';
import type { QueryParameters } from '../resource-manager/request-target.ts';
import type { Resource } from '../resource-manager/resource-store.ts';
import { trackedResource } from '../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../resource-manager/tracked-type.ts';

/** What the extensions of two kinds of machine have of their own. */
export interface ExtensionKind {
  readonly namespace: string;
  /** `virtualMachines/extensions`. */
  readonly type: string;
  readonly apiVersions: readonly string[];
  instanceView(resource: Resource): JsonObject;
  /** Whether a question wants the instance view. */
  showsView(query: QueryParameters): boolean;
}

const schema = z.object({ ...trackedEnvelope, properties: jsonObjectSchema.nullish() });
const namePattern = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_-])?$/;

/** Azure takes these and never shows them again; Innate does not even keep them. */
const secrets = ['protectedSettings', 'protectedSettingsFromKeyVault'];
const readOnly = ['provisioningState', 'instanceView'];

/** Extensions of machines: settings that are kept and shown, and nothing that runs. */
export function machineExtension(kind: ExtensionKind, dependencies: TrackedDependencies): ResourceType {
  const { namespace, type, apiVersions } = kind;
  const kept = (sent: object | null | undefined) =>
    without((sent ?? {}) as JsonObject, [...secrets, ...readOnly]);
  return trackedResource(
    {
      ...{ namespace, type, apiVersions },
      put: schema,
      patch: schema,
      extraMembers: [],
      statusOfNew: 201,
      deletion: 'polled',
      entityTags: false,
      systemData: false,
      requireName(name) {
        if (namePattern.test(name)) return;
        const rule = 'it has 1 to 80 letters, digits, underscores, hyphens and inner periods';
        throw invalidResourceName(`${namespace}/${type}`, name, rule);
      },
      replace: (sent) => ({ autoUpgradeMinorVersion: true, ...withoutNulls(kept(sent)) }),
      merge: (sent, { existing }) => mergePatch(existing.properties, kept(sent)),
      present: (resource, query) => ({
        ...resource.properties,
        provisioningState: resource.provisioningState,
        ...(kind.showsView(query) ? { instanceView: kind.instanceView(resource) } : {}),
      }),
    },
    dependencies,
  );
}
