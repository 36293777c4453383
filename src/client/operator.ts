import type { CloudProfile } from '../contract/cloud-profile.ts';
import type { Clock } from '../foundation/clock.ts';
import { createGraphClient, type GraphClient } from './graph-client.ts';
import { createHttpsTransport, type ServerConnection } from './https.ts';
import { createKeyVaultClient, type KeyVaultClient } from './key-vault-client.ts';
import { clientTokens } from './operator-token.ts';
import { createResourceManagerClient, type ResourceManagerClient } from './resource-manager-client.ts';

export interface OperatorOptions {
  readonly connect: ServerConnection;
  readonly profile: CloudProfile;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clock: Clock;
}

/** A deployment as its operator uses it: every client over one transport, with tokens of the operator's. */
export interface Operator extends Disposable {
  readonly resources: ResourceManagerClient;
  readonly directory: GraphClient;
  /** The secrets of a vault by its name. */
  vault(name: string): KeyVaultClient;
}

export function createOperator({ connect, profile, ...credential }: OperatorOptions): Operator {
  const transport = createHttpsTransport(connect);
  const { login, management, graph, vaultSuffix } = profile;
  const token = clientTokens({ transport, login, ...credential });
  return {
    resources: createResourceManagerClient({
      transport,
      management,
      token: () => token(`https://${management}`),
    }),
    directory: createGraphClient({ transport, graph, token: () => token(`https://${graph}`) }),
    vault: (name) =>
      createKeyVaultClient({
        transport,
        vault: `${name}.${vaultSuffix}`,
        token: () => token(`https://${vaultSuffix}`),
      }),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}
