import { exportTemplateSchema } from '../../../contract/Microsoft.Resources.ts';
import { canonicalId, parseScope, ResourceIdError } from '../../../contract/resource-id.ts';
import { exportResources } from '../../deployments/exported-group.ts';
import type { KnownType } from '../../deployments/facts.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import type { Dispatch } from '../../resource-manager/inner-request.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import { listResources } from '../../resource-manager/resource-store.ts';
import type { Database } from '../../storage/database.ts';

/** Resources of a group that one template takes, as in Azure. */
const maxResources = 200;

export interface ExportingOptions {
  readonly database: Database;
  readonly dispatch: Dispatch;
  /** All types that are served. */
  readonly served: () => readonly KnownType[];
}

type Context = OperationContext<(typeof exportTemplateSchema)['_output']>;

/** A group as a template (`spec/resource-manager.md` a.11): what is in it as its caller may read it, one by one. */
export function exportOperation(options: ExportingOptions): Operation {
  return {
    method: 'POST',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/exportTemplate',
    action: 'Microsoft.Resources/subscriptions/resourceGroups/exportTemplate/action',
    effect: 'read',
    body: exportTemplateSchema,
    run: (context: Context) => run(options, context),
  } as Operation;
}

async function run({ database, dispatch, served }: ExportingOptions, context: Context): Promise<Answer> {
  const { body, caller, origin } = context;
  if (/^bicep$/i.test(body.outputFormat ?? '')) throw invalid('templates are exported as JSON');
  const ids = await wantedIds(database, context);
  const words = new Set((body.options ?? '').toLowerCase().split(/[\s,]+/));
  const { template, errors } = await exportResources(
    (request) => dispatch({ ...request, caller, origin }),
    served(),
    ids,
    {
      parameterizesNames:
        !words.has('skipresourcenameparameterization') && !words.has('skipallparameterization'),
      hasDefaults: words.has('includeparameterdefaultvalue'),
      hasComments: words.has('includecomments'),
    },
  );
  return { status: 200, body: { template, ...failure(errors) } };
}

function failure(details: readonly object[]): object {
  if (details.length === 0) return {};
  return {
    error: {
      code: 'ExportTemplateCompletedWithErrors',
      message:
        'Export template operation completed with errors. Some resources were not exported. Please see details for more information.',
      details,
    },
  };
}

/** Ids of the group's resources that are asked for, as displayed; what lies in another comes after it. */
async function wantedIds(database: Database, context: Context): Promise<readonly string[]> {
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const { resources } = context.body;
  const isAll = resources === undefined || resources === null || resources.includes('*');
  const wanted = new Set(isAll ? [] : resources.map(canonicalOf));
  const group = canonicalId(context.target);
  const page = await listResources(
    database.read,
    { tenantId, subscriptionId, groupCanonical: group },
    { size: maxResources, after: undefined },
  );
  if (page.after !== undefined) {
    throw invalid(`a group of more than ${maxResources} resources cannot be exported`);
  }
  const missing = [...wanted].filter((id) => !page.items.some(({ canonical }) => canonical === id));
  if (missing.length > 0) throw invalid(`'${missing[0]}' is no resource of the resource group`);
  return page.items
    .filter(({ canonical }) => isAll || wanted.has(canonical))
    .map(({ resourceId }) => resourceId);
}

function canonicalOf(id: string): string {
  try {
    return canonicalId(parseScope(id));
  } catch (error) {
    if (error instanceof ResourceIdError) throw invalid(error.message);
    throw error;
  }
}

function invalid(reason: string): ArmError {
  return new ArmError('invalid-value', 'InvalidExportTemplateRequest', `The export is not valid: ${reason}.`);
}
