import type { CloudProfile } from '../../../contract/cloud-profile.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import type { Origins } from '../../resource-manager/authentication.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { otherServices } from './other-services.ts';

/** Facts about a deployment that clients read before they have a token. */
export interface EndpointsOptions {
  readonly profile: CloudProfile;
  readonly origins: Origins;
}

type Shape = (options: EndpointsOptions) => unknown;

/** `GET /metadata/endpoints` by api-version (`spec/resource-manager.md` a.13). */
const shapes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['1.0', oldest],
  ['2015-01-01', oldest],
  ['2018-01-01', (options) => ({ ...oldest(options), ...since2018(options) })],
  ['2019-05-01', (options) => [cloudDocument(options)]],
  ['2020-06-01', (options) => [cloudDocument(options)]],
  ['2022-09-01', cloudDocument],
]);

/** Discovery of the deployment's names, for whoever asks: `az cloud register`, Terraform's `metadata_host`. */
export function endpoints(options: EndpointsOptions): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'endpoints',
    apiVersions: [...shapes.keys()],
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/metadata/endpoints',
        action: 'Microsoft.Resources/endpoints/read',
        async run({ apiVersion }) {
          if (apiVersion === '') {
            throw new ArmError(
              'missing-parameter',
              'MissingApiVersionParameter',
              'The api-version query parameter (?api-version=) is required for all requests.',
            );
          }
          const shape = shapes.get(apiVersion);
          if (shape === undefined) {
            throw new ArmError(
              'invalid-value',
              'InvalidApiVersionParameter',
              `The api-version '${apiVersion.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)}' is invalid. The supported versions are '${[...shapes.keys()].reverse().join(',')}'.`,
            );
          }
          return { status: 200, body: shape(options) };
        },
      },
    ],
  };
}

/** The audience that clients ask for first: they take the first of the list. */
function audiences({ profile, origins }: EndpointsOptions): readonly string[] {
  return profile.kind === 'azure'
    ? ['https://management.core.windows.net/', 'https://management.azure.com/']
    : [`${origins.management}/`];
}

function oldest(options: EndpointsOptions): object {
  const { origins } = options;
  return {
    galleryEndpoint: `${origins.management}/`,
    graphEndpoint: `${origins.graph}/`,
    portalEndpoint: `${origins.management}/`,
    authentication: { loginEndpoint: `${origins.login}/`, audiences: audiences(options) },
  };
}

function since2018(options: EndpointsOptions): object {
  const { origins } = options;
  return {
    graphAudience: `${origins.graph}/`,
    authentication: authentication(options),
    cloudEndpoint: { public: { endpoint: new URL(origins.management).host, locations: [] } },
  };
}

function authentication(options: EndpointsOptions): object {
  return {
    loginEndpoint: options.origins.login,
    audiences: audiences(options),
    tenant: 'common',
    identityProvider: 'AAD',
  };
}

/** What tools learn of this cloud. */
export function cloudDocument(options: EndpointsOptions): object {
  const { profile, origins } = options;
  const others = otherServices(profile);
  return {
    // tools map the names of Azure's own clouds to built-in addresses, which only the azure profile answers
    name: profile.kind === 'azure' ? 'AzureCloud' : 'Innate',
    portal: origins.management,
    authentication: authentication(options),
    resourceManager: `${origins.management}/`,
    graph: `${origins.graph}/`,
    graphAudience: `${origins.graph}/`,
    microsoftGraphResourceId: `${origins.graph}/`,
    gallery: `${origins.management}/`,
    ...others,
    suffixes: { keyVaultDns: profile.vaultSuffix, ...others.suffixes },
  };
}
