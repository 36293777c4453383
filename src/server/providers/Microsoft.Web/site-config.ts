import type * as z from 'zod';
import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import {
  connectionStringsSchema,
  settingsSchema,
  siteConfigSchema,
  slotConfigNamesSchema,
} from '../../../contract/Microsoft.Web.ts';
import { canonicalId, type ResourceScope } from '../../../contract/resource-id.ts';
import { resourceNotFound } from '../../resource-manager/arm-errors.ts';
import { mergePatch } from '../../resource-manager/merge-patch.ts';
import { parentOf } from '../../resource-manager/nested-resource.ts';
import type { Answer, Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { changeResource } from '../../resource-manager/resource-change.ts';
import type { SecretValues } from '../../resource-manager/resource-secrets.ts';
import { findResource, type Resource } from '../../resource-manager/resource-store.ts';
import { collectionPath } from '../../resource-manager/tracked-resource.ts';
import type { Queries } from '../../storage/database.ts';
import { webApiVersions } from './api-versions.ts';
import { configOf, presentConfig, secretsOf } from './site-shape.ts';
import type { SiteDependencies } from './sites.ts';

type With<Schema extends z.ZodType> = OperationContext<z.infer<Schema>>;

/** Where a kind of configuration lies, and of what type it is. */
interface ConfigPlace {
  readonly type: string;
  /** `…/sites/{name}`. */
  readonly site: string;
}

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
      ...(of === 'sites' ? slotConfigNames(dependencies, place) : []),
    ],
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

/** A kind of values that are sealed. */
interface Listed<Schema extends z.ZodType> {
  readonly kind: string;
  readonly schema: Schema;
  read(body: z.infer<Schema>): SecretValues;
  show(values: SecretValues): JsonObject;
}

/** `PUT config/{kind}` puts all of its values in the place of the others, `POST config/{kind}/list` tells them. */
function listed<Schema extends z.ZodType>(
  { database, secrets }: SiteDependencies,
  { type, site }: ConfigPlace,
  { kind, schema, read, show }: Listed<Schema>,
): readonly Operation[] {
  const path = `${site}/config/${kind}`;
  return [
    {
      method: 'PUT',
      path,
      action: `${type}/write`,
      body: schema,
      async run(context: With<Schema>) {
        const values = read(context.body);
        const changed = await database.transaction(async (transaction) => {
          const scope = siteScope(context);
          const resource = await changeResource(transaction, context, scope, (before) => ({ ...before }));
          const { tenantId, canonical } = resource;
          await secrets.replace(transaction, { tenantId, canonical, kind }, values);
          return resource;
        });
        return { status: 200, body: present(changed, type, kind, show(values)) };
      },
    } as Operation,
    {
      method: 'POST',
      path: `${path}/list`,
      action: `${type}/list/action`,
      async run(context) {
        const { read: queries } = database;
        const resource = await requireSite(queries, context);
        const { tenantId, canonical } = resource;
        const values = await secrets.read(queries, { tenantId, canonical, kind });
        return { status: 200, body: present(resource, type, kind, show(values)) };
      },
    },
  ];
}

/** Which settings stay with their slot when slots are swapped; they never are, here. */
function slotConfigNames({ database }: SiteDependencies, { type, site }: ConfigPlace): readonly Operation[] {
  const path = `${site}/config/slotConfigNames`;
  const shown = ({ state }: Resource): JsonObject => ({
    appSettingNames: null,
    connectionStringNames: null,
    azureStorageConfigNames: null,
    ...(state['slotConfigNames'] as JsonObject | undefined),
  });
  return [
    {
      method: 'GET',
      path,
      action: `${type}/read`,
      async run(context) {
        const resource = await requireSite(database.read, context);
        return { status: 200, body: present(resource, type, 'slotConfigNames', shown(resource)) };
      },
    },
    {
      method: 'PUT',
      path,
      action: `${type}/write`,
      body: slotConfigNamesSchema,
      async run(context: With<typeof slotConfigNamesSchema>) {
        const names = JSON.parse(JSON.stringify(context.body.properties ?? {})) as JsonValue;
        const changed = await database.transaction((transaction) =>
          changeResource(transaction, context, siteScope(context), (resource) => ({
            ...resource,
            state: { ...resource.state, slotConfigNames: names },
          })),
        );
        return { status: 200, body: present(changed, type, 'slotConfigNames', shown(changed)) };
      },
    } as Operation,
  ];
}

/** The site, or slot, whose configuration the path names. */
function siteScope({ target }: Pick<OperationContext<unknown>, 'target'>): ResourceScope {
  const scope = target.kind === 'resource' ? parentOf(target) : undefined;
  if (scope === undefined) throw new TypeError('the path names no configuration of a site');
  return scope;
}

/** @throws ArmError `ResourceNotFound` */
async function requireSite(
  queries: Queries,
  context: Pick<OperationContext<unknown>, 'target' | 'caller'>,
): Promise<Resource> {
  const scope = siteScope(context);
  const resource = await findResource(queries, context.caller.tenantId, canonicalId(scope));
  if (resource === undefined) throw resourceNotFound(scope);
  return resource;
}

function present(resource: Resource, type: string, name: string, properties: JsonObject): JsonObject {
  const { resourceId, location } = resource;
  return { id: `${resourceId}/config/${name}`, name, type, location, properties };
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
