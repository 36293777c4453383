import type { JsonObject } from '../../../contract/arm.ts';
import { siteNamePattern, siteSchema, slotNamePattern } from '../../../contract/Microsoft.Web.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { findByReference } from '../../resource-manager/holding.ts';
import { mergePatch } from '../../resource-manager/merge-patch.ts';
import { resourceAction } from '../../resource-manager/polled-action.ts';
import type { Operation, ResourceType } from '../../resource-manager/provider.ts';
import type { ResourceSecrets } from '../../resource-manager/resource-secrets.ts';
import type { Resource } from '../../resource-manager/resource-store.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import { collectionPath, trackedResource } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { webApiVersions } from './api-versions.ts';
import { presentSite, secretsOf, storedSite, writtenOf } from './site-shape.ts';

export interface SiteDependencies extends TrackedDependencies {
  readonly secrets: ResourceSecrets;
}

/** Web and function apps. Their settings are secrets: no answer of a site has them. */
export function sites(dependencies: SiteDependencies): ResourceType {
  return siteType(dependencies, {
    type: 'sites',
    global: { taken: websiteExists },
    requireName(name) {
      if (siteNamePattern.test(name)) return;
      throw invalidResourceName(
        'Microsoft.Web/sites',
        name,
        'it has 2 to 60 letters, digits and inner hyphens',
      );
    },
    hostOf: (resourceId) => nameAfter(resourceId, 'sites'),
  });
}

/** Slots of a site: deployments beside it, each with settings and an identity of its own. */
export function slots(dependencies: SiteDependencies): ResourceType {
  return siteType(dependencies, {
    type: 'sites/slots',
    requireName(name) {
      if (slotNamePattern.test(name) && name.toLowerCase() !== 'production') return;
      const rule = 'it has 1 to 59 letters, digits and inner hyphens, and is not production';
      throw invalidResourceName('Microsoft.Web/sites/slots', name, rule);
    },
    hostOf: (resourceId) => `${nameAfter(resourceId, 'sites')}-${nameAfter(resourceId, 'slots')}`,
  });
}

function nameAfter(resourceId: string, type: string): string {
  const segments = resourceId.split('/');
  const at = segments.lastIndexOf(type);
  return (segments[at + 1] ?? '').toLowerCase();
}

interface SiteKind {
  readonly type: 'sites' | 'sites/slots';
  readonly global?: { taken(name: string): Error };
  requireName(name: string): void;
  hostOf(resourceId: string): string;
}

function siteType(
  dependencies: SiteDependencies,
  { type, global, requireName, hostOf }: SiteKind,
): ResourceType {
  const { secrets } = dependencies;
  const namespace = 'Microsoft.Web';
  return trackedResource(
    {
      namespace,
      type,
      apiVersions: webApiVersions,
      put: siteSchema,
      patch: siteSchema,
      extraMembers: ['kind', 'extendedLocation'],
      statusOfNew: 200,
      deletion: 'at-once',
      entityTags: false,
      systemData: false,
      showsNestedName: true,
      ...(global === undefined ? {} : { global }),
      requireName,
      envelope: (members) => ({ ...members, kind: members['kind'] ?? 'app' }),
      replace: (sent, { existing }) => storedSite((sent ?? {}) as JsonObject, existing?.properties),
      merge: (sent, { existing }) => mergePatch(existing.properties, writtenOf((sent ?? {}) as JsonObject)),
      async written(transaction, { tenantId, canonical }, properties) {
        const config = (properties as JsonObject | null | undefined)?.['siteConfig'];
        for (const [kind, values] of Object.entries(secretsOf(config))) {
          await secrets.replace(transaction, { tenantId, canonical, kind }, values);
        }
      },
      settle: nameTier,
      present: (resource) => presentSite(resource, hostOf(resource.resourceId)),
      more: [...actions(dependencies, type), publishingProfile(dependencies, type, hostOf)],
    },
    dependencies,
  );
}

/** A site tells the tier of its plan. */
async function nameTier(transaction: Transaction, site: Resource): Promise<Resource> {
  const plan = await findByReference(transaction, site.tenantId, site.properties['serverFarmId']);
  const sku = plan?.type === 'Microsoft.Web/serverfarms' ? plan.extra['sku'] : undefined;
  const tier = (sku as JsonObject | undefined)?.['tier'];
  return tier === undefined ? site : { ...site, state: { ...site.state, tier } };
}

/** `start`, `stop` and `restart`: what the site says of itself, and nothing more. */
function actions(dependencies: TrackedDependencies, type: SiteKind['type']): readonly Operation[] {
  const namespace = 'Microsoft.Web';
  const item = `${collectionPath({ namespace, type })}/{name}`;
  return [
    ['start', false],
    ['stop', true],
    ['restart', undefined],
  ].map(([name, stopped]) =>
    resourceAction(dependencies, {
      ...{ item, namespace, type: `${namespace}/${type}`, name: String(name), answer: 200 },
      change: ({ state }) => (typeof stopped === 'boolean' ? { ...state, stopped } : state),
    }),
  );
}

/**
 * The profile that `az webapp show` reads an address from. Nothing can be published to a site, so there is neither
 * user nor password in it.
 */
function publishingProfile(
  dependencies: TrackedDependencies,
  type: SiteKind['type'],
  hostOf: SiteKind['hostOf'],
): Operation {
  const namespace = 'Microsoft.Web';
  return {
    method: 'POST',
    path: `${collectionPath({ namespace, type })}/{name}/publishxml`,
    action: `${namespace}/${type}/publishxml/action`,
    async run(context) {
      const { resourceId } = await requireResource({ dependencies }, context);
      // letters, digits and hyphens: nothing that XML would have to be told of
      const host = hostOf(resourceId);
      const profile = (method: string, url: string) =>
        `<publishProfile profileName="${host} - ${method}" publishMethod="${method}" publishUrl="${url}" userName="" userPWD="" destinationAppUrl="https://${host}.azurewebsites.net" />`;
      const profiles = [
        profile('MSDeploy', `${host}.scm.azurewebsites.net:443`),
        profile('FTP', `ftps://${host}.ftp.azurewebsites.windows.net/site/wwwroot`),
      ];
      return {
        status: 200,
        headers: { 'Content-Type': 'application/xml' },
        body: `<publishData>${profiles.join('')}</publishData>`,
      };
    },
  };
}

function websiteExists(name: string): ArmError {
  return new ArmError('already-exists', 'Conflict', `Website with given name ${name} already exists.`, {
    refusedBy: 'service',
  });
}
