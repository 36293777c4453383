import type { JsonObject } from '../../../contract/arm.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { webApiVersions } from './api-versions.ts';

/** What sites can be said to run on: a language, its versions, and the word that a configuration has for each. */
interface Stack {
  readonly value: string;
  readonly displayText: string;
  readonly preferredOs: 'linux' | 'windows';
  readonly versions: readonly (readonly [version: string, displayText: string])[];
  readonly linux: (version: string) => string;
  readonly windows?: (version: string) => string;
}

const stacks: readonly Stack[] = [
  {
    ...{ value: 'dotnet', displayText: '.NET', preferredOs: 'windows' },
    versions: [
      ['10.0', '.NET 10'],
      ['9.0', '.NET 9'],
      ['8.0', '.NET 8'],
    ],
    linux: (version) => `DOTNETCORE|${version}`,
    windows: (version) => `v${version}`,
  },
  {
    ...{ value: 'node', displayText: 'Node', preferredOs: 'linux' },
    versions: [
      ['24-lts', 'Node 24 LTS'],
      ['22-lts', 'Node 22 LTS'],
      ['20-lts', 'Node 20 LTS'],
    ],
    linux: (version) => `NODE|${version}`,
    windows: (version) => `~${version.replace('-lts', '')}`,
  },
  {
    ...{ value: 'python', displayText: 'Python', preferredOs: 'linux' },
    versions: ['3.14', '3.13', '3.12', '3.11', '3.10'].map((version) => [version, `Python ${version}`]),
    linux: (version) => `PYTHON|${version}`,
  },
  {
    ...{ value: 'php', displayText: 'PHP', preferredOs: 'linux' },
    versions: ['8.5', '8.4', '8.3', '8.2'].map((version) => [version, `PHP ${version}`]),
    linux: (version) => `PHP|${version}`,
  },
];

/** The runtimes that `az webapp create --runtime` chooses from; no site runs on any. */
export function webAppStacks(): ResourceType {
  return {
    namespace: 'Microsoft.Web',
    type: 'webAppStacks',
    apiVersions: webApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/providers/Microsoft.Web/webAppStacks',
        action: 'Microsoft.Web/webAppStacks/read',
        async run({ query }) {
          const asked = query.get('stackOsType')?.toLowerCase();
          const wants = (system: string) => asked === undefined || asked === 'all' || asked === system;
          const value = stacks.map((stack) => present(stack, wants('linux'), wants('windows')));
          return { status: 200, body: { value } };
        },
      },
    ],
  };
}

function present(stack: Stack, linux: boolean, windows: boolean): JsonObject {
  const { value, displayText, preferredOs, versions } = stack;
  const type = 'Microsoft.Web/webAppStacks';
  return {
    id: `/providers/${type}/${value}`,
    name: value,
    type,
    properties: {
      ...{ displayText, value, preferredOs },
      majorVersions: versions.map(([version, name]) => ({
        displayText: name,
        value: version,
        minorVersions: [
          {
            displayText: name,
            value: version,
            stackSettings: {
              ...(linux ? { linuxRuntimeSettings: settings(stack.linux(version)) } : {}),
              ...(windows && stack.windows !== undefined
                ? { windowsRuntimeSettings: settings(stack.windows(version)) }
                : {}),
            },
          },
        ],
      })),
    },
  };
}

function settings(runtimeVersion: string): JsonObject {
  return {
    runtimeVersion,
    remoteDebuggingSupported: false,
    appInsightsSettings: { isSupported: false },
    gitHubActionSettings: { isSupported: false },
    supportedFeatures: { disableSsh: false },
  };
}
