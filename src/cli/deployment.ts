import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { type ControlClient, createControlClient } from '../client/control-client.ts';
import type { GraphClient } from '../client/graph-client.ts';
import type { KeyVaultClient } from '../client/key-vault-client.ts';
import { createOperator } from '../client/operator.ts';
import type { ResourceManagerClient } from '../client/resource-manager-client.ts';
import type { CloudProfile } from '../contract/cloud-profile.ts';
import type { ServerFile } from '../contract/ready-file.ts';
import type { Clock } from '../foundation/clock.ts';
import { type CommandInput, defaultDataFolder, optionText } from './command.ts';
import { profileOf, readServerFile } from './server-file.ts';

/** The running deployment of a data folder, as its operator uses it. */
export interface Deployment extends Disposable {
  /** Absolute, without links. */
  readonly dataFolder: string;
  readonly file: ServerFile;
  readonly profile: CloudProfile;
  /** PEM. */
  readonly authority: string;
  readonly resources: ResourceManagerClient;
  readonly directory: GraphClient;
  /** The secrets of a vault by its name. */
  vault(name: string): KeyVaultClient;
  readonly agent: ControlClient;
}

/** The deployment of the folder that `--data` names. @throws CommandError where no server runs on it */
export function openDeployment(input: CommandInput, clock: Clock): Deployment {
  const dataFolder = optionText(input, 'data') ?? defaultDataFolder;
  const file = readServerFile(dataFolder);
  const profile = profileOf(file);
  const authority = readFileSync(file.caFile, 'utf8');
  const { connect, operator: credential, tenantId } = file;
  const operator = createOperator({
    connect: { ...connect, ca: authority },
    profile,
    tenantId,
    ...credential,
    clock,
  });
  return {
    dataFolder: realpathSync(path.resolve(dataFolder)),
    file,
    profile,
    authority,
    resources: operator.resources,
    directory: operator.directory,
    vault: operator.vault,
    agent: createControlClient(file.controlSocket),
    [Symbol.dispose]: () => operator[Symbol.dispose](),
  };
}
