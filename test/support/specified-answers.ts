import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { azureClientOptions } from './azure-clients.ts';
import type { TestManagement } from './management.ts';
import { answerViolations } from './openapi.ts';
import { sharedFile } from './shared.ts';

const compute = 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01';

const resources = 'resources/resource-manager/Microsoft.Resources/stable';
const ofResourceManager = [
  `${resources}/2024-07-01/resources.json`,
  `${resources}/2022-12-01/subscriptions.json`,
];

/** Azure's specifications, by namespace, and without one of the resource manager itself; of the rest nothing is said. */
const files: Readonly<Record<string, readonly string[]>> = {
  '': ofResourceManager,
  'microsoft.resources': ofResourceManager,
  'microsoft.compute': [
    `${compute}/virtualMachine.json`,
    `${compute}/virtualMachineImage.json`,
    `${compute}/virtualMachineScaleSet.json`,
    `${compute}/availabilitySet.json`,
    `${compute}/computeRPCommon.json`,
  ],
  'microsoft.web': ['web/resource-manager/Microsoft.Web/stable/2023-12-01/WebApps.json'],
  'microsoft.containerinstance': [
    'containerinstance/resource-manager/Microsoft.ContainerInstance/stable/2023-05-01/containerInstance.json',
  ],
};

/** What a client of Azure's is made with, and where what it was answered is not what Azure's specifications say. */
export function specifiedClient(m: TestManagement) {
  const found: string[] = [];
  const options = azureClientOptions(m);
  const policy: PipelinePolicy = {
    name: 'specification',
    async sendRequest(request, next) {
      const { pathname } = new URL(request.url);
      const response = await next(request);
      const body = response.bodyAsText;
      found.push(
        ...brokenBy({
          method: request.method,
          path: pathname.replaceAll(/\/+/g, '/'),
          status: response.status,
          body: body ? JSON.parse(body) : undefined,
        }),
      );
      return response;
    },
  };
  const additionalPolicies = [...options.additionalPolicies, { position: 'perRetry' as const, policy }];
  return { options: { ...options, additionalPolicies }, violations: found as readonly string[] };
}

function brokenBy(answer: Parameters<typeof answerViolations>[1]): readonly string[] {
  const namespace = /\/providers\/([^/]+)/i.exec(answer.path)?.[1]?.toLowerCase() ?? '';
  return (files[namespace] ?? []).flatMap((name) => {
    const file = sharedFile(`data/openapi/${name}`);
    return file === undefined ? [] : answerViolations(file, answer);
  });
}
