import { checkResourceNameSchema } from '../../../contract/Microsoft.Resources.ts';
import type { Operation, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { resourcesApiVersions } from './api-versions.ts';

/** Words that no name is, and words that no name has in it or begins with: trademarks that Azure keeps for itself. */
const wholeWords: ReadonlySet<string> = new Set(
  [
    ...[
      'ACCESS',
      'AZURE',
      'BING',
      'BIZSPARK',
      'BIZTALK',
      'CORTANA',
      'DIRECTX',
      'DOTNET',
      'DYNAMICS',
      'EXCEL',
    ],
    ...['EXCHANGE', 'FOREFRONT', 'GROOVE', 'HOLOLENS', 'HYPERV', 'KINECT', 'LYNC', 'MSDN', 'O365', 'OFFICE'],
    ...['OFFICE365', 'ONEDRIVE', 'ONENOTE', 'OUTLOOK', 'POWERPOINT', 'SHAREPOINT', 'SKYPE', 'VISIO'],
    ...['VISUALSTUDIO'],
  ].map((word) => word.toLowerCase()),
);
const partsOfWords = ['login', 'microsoft', 'windows', 'xbox'];
const inside = ['microsoft', 'windows'];

type Context = OperationContext<(typeof checkResourceNameSchema)['_output']>;

/** Whether Azure would let a resource have a name: one of its own words is `Reserved` (`spec/resource-manager.md` a.1). */
export function checkResourceName(): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'checkResourceName',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'POST',
        path: '/providers/Microsoft.Resources/checkResourceName',
        action: 'Microsoft.Resources/checkResourceName/action',
        body: checkResourceNameSchema,
        async run({ body: { name, type } }: Context) {
          return { status: 200, body: { name, type, status: isReserved(name) ? 'Reserved' : 'Allowed' } };
        },
      } as Operation,
    ],
  };
}

function isReserved(name: string): boolean {
  const word = name.toLowerCase();
  return (
    wholeWords.has(word) ||
    partsOfWords.some((part) => word.startsWith(part)) ||
    inside.some((part) => word.includes(part))
  );
}
