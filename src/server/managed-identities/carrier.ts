import type { CanonicalId } from '../../foundation/ids.ts';

/** A resource by its id, in both forms. */
export interface Named {
  /** As displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
}

const instance = /\/providers\/microsoft\.compute\/virtualmachinescalesets\/[^/]+(\/virtualmachines\/[^/]+)$/;

/**
 * The resource whose identities a host of this one has: its own, but for an instance of a scale set those of the set
 * (`spec/resource-manager.md` b.7). Identities, attachments and certificates are the carrier's; the host is the
 * instance's, and ends with it.
 */
export function carrierOf({ resourceId, resourceCanonical }: Named): Named {
  const [, part] = instance.exec(resourceCanonical) ?? [];
  if (part === undefined) return { resourceId, resourceCanonical };
  return {
    resourceId: resourceId.slice(0, -part.length),
    resourceCanonical: resourceCanonical.slice(0, -part.length) as CanonicalId,
  };
}
