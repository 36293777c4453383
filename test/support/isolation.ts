import { spawnSync } from 'node:child_process';
import { isolationAvailable } from '../../src/agent/isolation/namespace.ts';
import { processEnvironment } from '../../src/foundation/environment.ts';
import { program } from './innate.ts';

/** Tools that the suites let programs use inside. */
const tools = ['curl', 'getent', 'find', 'nsenter', 'setsid'];
const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);

const found = await isolationAvailable(processEnvironment());
const required = (processEnvironment()['INNATE_REQUIRE_ISOLATION'] ?? '') !== '';

/** Why programs cannot run isolated here; `false` where they can, or where a run without them would be no proof. */
export const noIsolation: string | false = required
  ? false
  : !found.available
    ? `no isolated mode: ${found.reason}`
    : missing.length > 0
      ? `not installed: ${missing.join(', ')}`
      : false;

/** Somebody who is not root, for tests that root runs. */
export const ordinaryUser = { uid: 65534, gid: 65534 };

/** Why no other user can run Innate here; `false` where one can. */
export const noOrdinaryUser: string | false =
  noIsolation !== false
    ? noIsolation
    : process.getuid?.() !== 0
      ? 'only root can become another user'
      : spawnSync(process.execPath, ['--check', program], { ...ordinaryUser, cwd: '/' }).status !== 0
        ? 'this folder is closed to other users'
        : false;
