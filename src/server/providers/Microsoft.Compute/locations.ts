import { canonicalLocation, type JsonObject } from '../../../contract/arm.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import {
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import { computeApiVersions } from './api-versions.ts';
import { type Image, type ImageName, imagesNamed } from './images.ts';
import { presentSize, sizes } from './sizes.ts';

const location = '/subscriptions/{subscriptionId}/providers/Microsoft.Compute/locations/{location}';
const offers = `${location}/publishers/{publisher}/artifacttypes/vmimage/offers`;
const imageSkus = `${offers}/{offer}/skus`;
const versions = `${imageSkus}/{sku}/versions`;

/** The sizes of a region. */
export function vmSizes(): ResourceType {
  return locationType('locations/vmSizes', [
    {
      method: 'GET',
      path: `${location}/vmSizes`,
      action: 'Microsoft.Compute/locations/vmSizes/read',
      run: async () => ({ status: 200, body: { value: sizes.map(presentSize) } }),
    },
  ]);
}

/**
 * The catalogue of images, down to the one version of each (e.3). Nothing is started from them: they are there to be
 * found by clients that look before they write.
 */
export function publishers(): ResourceType {
  return locationType('locations/publishers', [
    reads(`${location}/publishers`, '', listed('publisher')),
    reads(offers, '/artifacttypes/offers', listed('offer')),
    reads(imageSkus, '/artifacttypes/offers/skus', listed('sku')),
    reads(versions, '/artifacttypes/offers/skus/versions', listed('version')),
    reads(`${versions}/{version}`, '/artifacttypes/offers/skus/versions', (context) => {
      const [image] = found(context);
      return {
        ...named(context, image as Image, 'version'),
        properties: presentProperties(image as Image),
      };
    }),
  ]);
}

function locationType(type: string, operations: readonly Operation[]): ResourceType {
  return {
    ...{ namespace: 'Microsoft.Compute', type, apiVersions: computeApiVersions, owner: 'provider' },
    ...{ tracked: false, operations },
  };
}

function reads(path: string, below: string, body: (context: OperationContext) => unknown): Operation {
  return {
    method: 'GET',
    path,
    action: `Microsoft.Compute/locations/publishers${below}/read`,
    run: async (context) => ({ status: 200, body: body(context) }),
  };
}

type Part = keyof ImageName;

/** The values that a part of the name has among the images that the path names, each once. */
function listed(part: Part): (context: OperationContext) => readonly JsonObject[] {
  return (context) => {
    const byName = new Map(found(context).map((image) => [image[part], image]));
    const descending = /^name\s+desc$/i.test(context.query.get('$orderby') ?? '');
    const names = [...byName.keys()].sort();
    if (descending) names.reverse();
    const top = /^[1-9]\d{0,3}$/.exec(context.query.get('$top') ?? '');
    const shown = top === null ? names : names.slice(0, Number(top[0]));
    return shown.map((name) => named(context, byName.get(name) as Image, part));
  };
}

/** @throws ArmError 404 where the path names no image */
function found({ parameters }: OperationContext): readonly Image[] {
  const name: Partial<Record<Part, string>> = {};
  for (const part of ['publisher', 'offer', 'sku', 'version'] as const) {
    const value = parameters[part];
    // `latest` is a word of references
    if (value !== undefined && !(part === 'version' && value.toLowerCase() === 'latest')) name[part] = value;
  }
  const images = imagesNamed(name);
  if (images.length > 0) return images;
  const [artifact] = Object.values(name).slice(-1);
  throw new ArmError(
    'not-found',
    'NotFound',
    `Artifact: VMImage '${artifact ?? ''}' was not found among the images that are listed here.`,
    { refusedBy: 'service' },
  );
}

function named(context: OperationContext, image: Image, part: Part): JsonObject {
  const { subscriptionId } = subscriptionOfContext(context);
  const place = canonicalLocation(parameter(context, 'location'));
  const segments: readonly (readonly [Part, string])[] = [
    ['publisher', `/Publishers/${image.publisher}`],
    ['offer', `/ArtifactTypes/VMImage/Offers/${image.offer}`],
    ['sku', `/Skus/${image.sku}`],
    ['version', `/Versions/${image.version}`],
  ];
  const depth = segments.findIndex(([name]) => name === part);
  const path = segments.slice(0, depth + 1).map(([, segment]) => segment);
  const id = `/Subscriptions/${subscriptionId}/Providers/Microsoft.Compute/Locations/${place}${path.join('')}`;
  return { location: place, name: image[part], id };
}

function presentProperties({ operatingSystem, hyperVGeneration }: Image): JsonObject {
  return {
    hyperVGeneration,
    architecture: 'x64',
    replicaType: 'Unmanaged',
    disallowed: { vmDiskType: 'None' },
    automaticOSUpgradeProperties: { automaticOSUpgradeSupported: false },
    imageDeprecationStatus: { imageState: 'Active' },
    features: [
      { name: 'IsAcceleratedNetworkSupported', value: 'True' },
      { name: 'DiskControllerTypes', value: 'SCSI' },
      { name: 'IsHibernateSupported', value: 'False' },
    ],
    osDiskImage: {
      operatingSystem,
      sizeInBytes: operatingSystem === 'Windows' ? 136_367_309_312 : 32_212_255_232,
    },
    dataDiskImages: [],
  };
}
