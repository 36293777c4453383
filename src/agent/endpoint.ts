import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Endpoint, EndpointPlace } from './agent.ts';
import { Listener, type ListenerOptions, serverOf } from './listener.ts';

/** Milliseconds that answers under way may take when an endpoint closes. */
const lastWords = 2_000;

/**
 * Opens an endpoint for one resource. On TCP the only `Host` is the literal address; behind a socket file it is the
 * address that the protocol's clients have built in.
 *
 * @throws the listening error (`EADDRINUSE`, `EACCES`, …)
 */
export async function openEndpoint(
  resourceId: string,
  place: EndpointPlace,
  options: Omit<ListenerOptions, 'hosts'>,
): Promise<Endpoint> {
  const { protocol } = options;
  const { listensOn } = protocol;
  let listener: Listener | undefined;
  const server = serverOf(() => listener);
  const builtIn = namesOf(listensOn.address, listensOn.port);
  let address: string;
  let origin: string;
  if (place.kind === 'unix') {
    listener = new Listener({ ...options, hosts: builtIn });
    await rm(place.path, { force: true });
    server.listen(place.path);
    await once(server, 'listening');
    await chmod(place.path, 0o600);
    address = place.path;
    origin = originOf(listensOn.address, listensOn.port);
  } else {
    // the names are known only once the port is; no request can come before that is handled
    server.listen(place.port ?? 0, place.address ?? '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address() as AddressInfo;
    listener = new Listener({ ...options, hosts: namesOf(bound.address, bound.port) });
    address = `${bracketed(bound.address)}:${bound.port}`;
    origin = originOf(bound.address, bound.port);
  }
  let closed: Promise<void> | undefined;
  const close = async () => {
    const ended = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), lastWords);
    await ended;
    clearTimeout(timer);
  };
  const closeOnce = () => {
    closed ??= close();
    return closed;
  };
  return {
    resourceId,
    origin,
    address,
    protocol: protocol.name,
    wellKnown: listensOn,
    environment: place.kind === 'unix' ? {} : protocol.environment(origin),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function namesOf(address: string, port: number): readonly string[] {
  const name = bracketed(address);
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`];
}

function originOf(address: string, port: number): string {
  return `http://${bracketed(address)}${port === 80 ? '' : `:${port}`}`;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
