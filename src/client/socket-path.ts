import { constants, openSync } from 'node:fs';
import path from 'node:path';

/** Octets that fit into `sun_path` everywhere (Linux has 108, macOS 104), with the terminating zero. */
const maxSocketPath = 103;

/**
 * A path under which a unix socket can be bound or reached although its own is too long for the kernel: through a
 * descriptor of its folder, which stays open. Elsewhere than on Linux a long path stays as it is, and fails.
 */
export function socketPath(file: string): string {
  if (Buffer.byteLength(file) <= maxSocketPath || process.platform !== 'linux') return file;
  const folder = openSync(path.dirname(file), constants.O_RDONLY | constants.O_DIRECTORY);
  return `/proc/self/fd/${folder}/${path.basename(file)}`;
}
