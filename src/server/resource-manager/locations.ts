import { canonicalLocation } from '../../contract/arm.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { regions } from './regions.ts';

const wellFormed = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * A location in canonical form. Any well-formed name is a location: a rack has one, too, and Azure's list of regions
 * is what `…/locations` offers for choice, not what a deployment is bound to.
 *
 * @throws ArmError `LocationNotAvailableForResourceType`
 */
export function requireLocation(location: string, type: string): string {
  const canonical = canonicalLocation(location);
  if (wellFormed.test(canonical)) return canonical;
  throw new ArmError(
    'invalid-value',
    'LocationNotAvailableForResourceType',
    `The provided location '${location}' is not available for resource type '${type}'. List of available regions for the resource type is '${regions
      .filter(({ physical }) => physical)
      .map(({ name }) => name)
      .join(',')}'.`,
  );
}
