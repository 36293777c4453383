import type * as z from 'zod';
import type { JsonObject } from '../../../contract/arm.ts';
import { canonicalId, type ResourceScope } from '../../../contract/resource-id.ts';
import { resourceNotFound } from '../../resource-manager/arm-errors.ts';
import { without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import { parentOf } from '../../resource-manager/nested-resource.ts';
import type { Operation, OperationContext } from '../../resource-manager/provider.ts';
import { changeResource } from '../../resource-manager/resource-change.ts';
import type { SecretValues } from '../../resource-manager/resource-secrets.ts';
import { findResource, type Resource } from '../../resource-manager/resource-store.ts';
import type { Queries } from '../../storage/database.ts';
import type { SiteDependencies } from './sites.ts';

export type With<Schema extends z.ZodType> = OperationContext<z.infer<Schema>>;

/** Where a kind of configuration lies, and of what type it is. */
export interface ConfigPlace {
  readonly type: string;
  /** `…/sites/{name}`. */
  readonly site: string;
}

/** A kind of values that are sealed. */
export interface Listed<Schema extends z.ZodType> {
  readonly kind: string;
  readonly schema: Schema;
  read(body: z.infer<Schema>): SecretValues;
  show(values: SecretValues): JsonObject;
}

/** `PUT config/{kind}` puts all of its values in the place of the others, `POST config/{kind}/list` tells them. */
export function listed<Schema extends z.ZodType>(
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

/** A kind of configuration that all may read who may read the site's. */
export interface Shown<Schema extends z.ZodType<{ readonly properties?: object | null | undefined }>> {
  readonly kind: string;
  readonly schema: Schema;
  /** What is shown before anything is written. */
  readonly defaults: JsonObject;
  /** Members that are not kept. */
  readonly secrets: readonly string[];
  /** Read under `config/{kind}/list` as well. */
  readonly list?: true;
}

/** `GET` and `PUT` of `config/{kind}`. */
export function shown<Schema extends z.ZodType<{ readonly properties?: object | null | undefined }>>(
  { database }: SiteDependencies,
  { type, site }: ConfigPlace,
  { kind, schema, defaults, secrets, list }: Shown<Schema>,
): readonly Operation[] {
  const path = `${site}/config/${kind}`;
  const show = (resource: Resource) =>
    present(resource, type, kind, { ...defaults, ...(resource.state[kind] as JsonObject | undefined) });
  const reads = [path, ...(list === true ? [`${path}/list`] : [])].map(
    (each): Operation => ({
      method: 'GET',
      path: each,
      action: `${type}/read`,
      run: async (context) => ({ status: 200, body: show(await requireSite(database.read, context)) }),
    }),
  );
  return [
    ...reads,
    {
      method: 'PUT',
      path,
      action: `${type}/write`,
      body: schema,
      async run(context: With<Schema>) {
        const sent = without(withoutNulls((context.body.properties ?? {}) as JsonObject), secrets);
        const changed = await database.transaction((transaction) =>
          changeResource(transaction, context, siteScope(context), (resource) => ({
            ...resource,
            state: { ...resource.state, [kind]: sent },
          })),
        );
        return { status: 200, body: show(changed) };
      },
    } as Operation,
  ];
}

/** The site, or slot, whose configuration the path names. */
export function siteScope({ target }: Pick<OperationContext<unknown>, 'target'>): ResourceScope {
  const scope = target.kind === 'resource' ? parentOf(target) : undefined;
  if (scope === undefined) throw new TypeError('the path names no configuration of a site');
  return scope;
}

/** @throws ArmError `ResourceNotFound` */
export async function requireSite(
  queries: Queries,
  context: Pick<OperationContext<unknown>, 'target' | 'caller'>,
): Promise<Resource> {
  const scope = siteScope(context);
  const resource = await findResource(queries, context.caller.tenantId, canonicalId(scope));
  if (resource === undefined) throw resourceNotFound(scope);
  return resource;
}

export function present(resource: Resource, type: string, name: string, properties: JsonObject): JsonObject {
  const { resourceId, location } = resource;
  return { id: `${resourceId}/config/${name}`, name, type, location, properties };
}
