import type { JsonObject } from '../../../contract/arm.ts';
import {
  connectionStringsSchema,
  settingsSchema,
  siteConfigSchema,
  slotConfigNamesSchema,
} from '../../../contract/Microsoft.Web.ts';
import { mergePatch } from '../../resource-manager/merge-patch.ts';
import type { Answer, Operation, ResourceType } from '../../resource-manager/provider.ts';
import { changeResource } from '../../resource-manager/resource-change.ts';
import { collectionPath } from '../../resource-manager/tracked-resource.ts';
import { webApiVersions } from './api-versions.ts';
import {
  type ConfigPlace,
  listed,
  present,
  requireSite,
  shown,
  siteScope,
  type With,
} from './config-kinds.ts';
import { configOf, presentConfig, secretsOf } from './site-shape.ts';
import type { SiteDependencies } from './sites.ts';

/**
 * The configuration of sites, or of slots: `config/web` for all to read; settings and connection strings for those
 * alone who may list them (`config/list/action`).
 */
export function siteConfig(dependencies: SiteDependencies, of: 'sites' | 'sites/slots'): ResourceType {
  const namespace = 'Microsoft.Web';
  const place: ConfigPlace = {
    type: `${namespace}/${of}/config`,
    site: `${collectionPath({ namespace, type: of })}/{name}`,
  };
  return {
    namespace,
    type: `${of}/config`,
    apiVersions: webApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      ...web(dependencies, place),
      ...listed(dependencies, place, {
        kind: 'appsettings',
        schema: settingsSchema,
        read: ({ properties }) => mapValues(properties ?? {}, (value) => value ?? undefined),
        show: (values) => values,
      }),
      ...listed(dependencies, place, {
        kind: 'connectionstrings',
        schema: connectionStringsSchema,
        read: ({ properties }) =>
          mapValues(properties ?? {}, ({ value, type }) =>
            JSON.stringify({ value: value ?? '', type: type ?? 'Custom' }),
          ),
        show: (values) => mapValues(values, (value) => JSON.parse(value) as JsonObject),
      }),
      ...sealedWhole.flatMap((kind) =>
        listed(dependencies, place, {
          kind,
          schema: siteConfigSchema,
          read: ({ properties }) => ({ all: JSON.stringify(properties ?? {}) }),
          show: ({ all }) => (all === undefined ? {} : (JSON.parse(all) as JsonObject)),
        }),
      ),
      ...shown(dependencies, place, {
        ...{ kind: 'logs', schema: siteConfigSchema, defaults: noLogs },
        secrets: logAddresses,
      }),
      ...shown(dependencies, place, {
        ...{ kind: 'authsettingsV2', schema: siteConfigSchema, secrets: [] },
        defaults: { platform: { enabled: false } },
        list: true,
      }),
      publishingCredentials(dependencies, place),
      ...(of === 'sites'
        ? shown(dependencies, place, {
            ...{ kind: 'slotConfigNames', schema: slotConfigNamesSchema, secrets: [] },
            defaults: { appSettingNames: null, connectionStringNames: null, azureStorageConfigNames: null },
          })
        : []),
    ],
  };
}

/** Kinds with keys in them that are sealed as they are sent: of accounts, of providers of identities. */
const sealedWhole = ['authsettings', 'azurestorageaccounts', 'backup', 'metadata', 'pushsettings'];

const noLogs: JsonObject = {
  applicationLogs: { fileSystem: { level: 'Off' } },
  httpLogs: {
    fileSystem: { retentionInMb: 35, retentionInDays: 0, enabled: false },
    azureBlobStorage: { enabled: false },
  },
  failedRequestsTracing: { enabled: false },
  detailedErrorMessages: { enabled: false },
};

/** Addresses that carry the right to write there. */
const logAddresses = [
  'applicationLogs.azureTableStorage.sasUrl',
  'applicationLogs.azureBlobStorage.sasUrl',
  'httpLogs.azureBlobStorage.sasUrl',
];

/** Nothing can be published to a site: a name, and no password. */
function publishingCredentials({ database }: SiteDependencies, { type, site }: ConfigPlace): Operation {
  return {
    method: 'POST',
    path: `${site}/config/publishingcredentials/list`,
    action: `${type}/list/action`,
    async run(context) {
      const resource = await requireSite(database.read, context);
      const properties = { publishingUserName: `$${resource.name}`, publishingPassword: null, scmUri: null };
      return { status: 200, body: present(resource, type, 'publishingcredentials', properties) };
    },
  };
}

/** What a site runs with, less its secrets. */
function web(dependencies: SiteDependencies, { type, site }: ConfigPlace): readonly Operation[] {
  const path = `${site}/config/web`;
  const write = async (context: With<typeof siteConfigSchema>): Promise<Answer> => {
    const sent = context.body.properties ?? {};
    const values = Object.entries(secretsOf(sent));
    return await dependencies.database.transaction(async (transaction) => {
      const changed = await changeResource(transaction, context, siteScope(context), (resource) => {
        const config = mergePatch(presentConfig(resource), configOf(sent));
        return { ...resource, properties: { ...resource.properties, siteConfig: config } };
      });
      const { tenantId, canonical } = changed;
      for (const [kind, each] of values) {
        await dependencies.secrets.replace(transaction, { tenantId, canonical, kind }, each);
      }
      return { status: 200, body: present(changed, type, 'web', presentConfig(changed)) };
    });
  };
  const writes = (['PUT', 'PATCH'] as const).map(
    (method) => ({ method, path, action: `${type}/write`, body: siteConfigSchema, run: write }) as Operation,
  );
  return [
    {
      method: 'GET',
      path,
      action: `${type}/read`,
      async run(context) {
        const resource = await requireSite(dependencies.database.read, context);
        return { status: 200, body: present(resource, type, 'web', presentConfig(resource)) };
      },
    },
    ...writes,
  ];
}

/** Values of which nothing is made are left out. */
function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To | undefined,
): Readonly<Record<string, To>> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]): [string, To][] => {
      const mapped = map(value);
      return mapped === undefined ? [] : [[name, mapped]];
    }),
  );
}
