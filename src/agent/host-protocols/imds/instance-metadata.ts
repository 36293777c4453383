import { type Answer, answerOf, type HostFacts, jsonAnswer, type Reading } from '../host-protocol.ts';
import { isApiVersion, newestVersions } from './api-versions.ts';
import { refuseDocument, serverHeader } from './imds-errors.ts';

const root = '/metadata/instance';

/**
 * `/metadata/instance` and below: the facts that the server knows of the resource, in the shape of the metadata
 * service; nothing is made up for what it does not know.
 *
 * @returns `undefined` where the path is none of these
 */
export function readInstancePath(path: string, parameters: ReadonlyMap<string, string>): Reading | undefined {
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  const version = parameters.get('api-version');
  if (version === undefined || version === '' || !isApiVersion(version)) {
    const reason =
      version === undefined || version === ''
        ? 'api-version was not specified in the request'
        : 'api-version is invalid or not supported';
    return known(
      refuseDocument(400, `Bad request. ${reason}. For more information refer to aka.ms/azureimds`, {
        'newest-versions': newestVersions,
      }),
    );
  }
  const format = parameters.get('format')?.toLowerCase() ?? 'json';
  if (format !== 'json' && format !== 'text')
    return known(refuseDocument(400, 'Bad request. Unknown format'));
  const segments = path.slice(root.length + 1).split('/');
  return {
    kind: 'document',
    render: (facts) => render(find(instanceOf(facts), segments), format),
  };
}

function known(answer: Answer): Reading {
  return { kind: 'answer', answer, open: false };
}

function render(node: unknown, format: string): Answer {
  if (node === undefined) return refuseDocument(404, 'Not found');
  const leaf = typeof node === 'string';
  if (format === 'json' && !leaf) return jsonAnswer(200, JSON.stringify(node), serverHeader);
  if (format === 'text' && leaf) return answerOf(200, 'text/plain; charset=utf-8', node, serverHeader);
  return refuseDocument(
    400,
    leaf ? 'Bad request. Use format=text for this' : 'Bad request. Use format=json for this',
  );
}

/** Segments come in lower case, as paths are compared. */
function find(node: unknown, segments: readonly string[]): unknown {
  let at = node;
  for (const segment of segments) {
    if (segment === '') continue;
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.entries(at).find(([name]) => name.toLowerCase() === segment)?.[1];
  }
  return at;
}

function instanceOf({ resource }: HostFacts) {
  const [, subscriptionId = '', resourceGroupName = ''] =
    /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(resource.resourceId) ?? [];
  const tags = Object.entries(resource.tags);
  return {
    compute: {
      azEnvironment: 'AzurePublicCloud',
      location: resource.location,
      name: resource.name,
      osType: resource.osType ?? '',
      provider: resource.type.split('/')[0] ?? '',
      resourceGroupName,
      resourceId: resource.resourceId,
      subscriptionId,
      tags: tags.map(([name, value]) => `${name}:${value}`).join(';'),
      tagsList: tags.map(([name, value]) => ({ name, value })),
      vmId: resource.vmId ?? '',
      vmSize: resource.vmSize ?? '',
    },
    network: { interface: [] },
  };
}
