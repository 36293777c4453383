import { once } from 'node:events';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { Unreachable } from '../client/https.ts';
import { JsonReader, UnexpectedAnswer } from '../client/json-reader.ts';
import { socketPath } from '../client/socket-path.ts';
import {
  type ControlFailure,
  type ControlMachine,
  type ControlStatus,
  type EndpointOrder,
  maxControlBody,
} from '../contract/control-socket.ts';
import { ResourceIdError } from '../contract/resource-id.ts';
import type { Log } from '../foundation/log.ts';
import { type Agent, EnrolmentRefused, NotEnrolled } from './agent.ts';
import { ProgramEndpoints, type ProgramEndpointsOptions, TooManyEndpoints } from './program-endpoints.ts';

export interface ControlSocketOptions extends Omit<ProgramEndpointsOptions, 'agent'> {
  readonly agent: Pick<Agent, 'enrol' | 'machines' | 'openEndpoint'>;
  /** Where it listens: `<data>/agent.sock`. */
  readonly file: string;
  readonly log: Log;
}

/** The control socket cannot be opened: one sentence. */
export class ControlSocketError extends Error {
  override readonly name = 'ControlSocketError';
}

type Code = ControlFailure['error']['code'];

const statusOf = {
  'invalid-request': 400,
  refused: 403,
  'not-found': 404,
  'not-enrolled': 409,
  'too-many': 429,
  failed: 500,
  unavailable: 502,
} as const satisfies Record<Code, number>;

/** A request that is answered with a refusal. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Opens the agent's control socket (`contract/control-socket.ts`) for this user alone. A socket file that nobody
 * answers on any more is replaced.
 *
 * @throws ControlSocketError where another agent answers there, or the file cannot be made
 */
export async function openControlSocket(options: ControlSocketOptions): Promise<AsyncDisposable> {
  const { agent, file, log } = options;
  const endpoints = new ProgramEndpoints(options);

  const server = createServer({ headersTimeout: 5000, requestTimeout: 10_000, maxHeaderSize: 8 * 1024 });
  server.maxConnections = 256;
  server.on('request', (request, response) => {
    route(request, response).catch((error: unknown) => {
      const refusal = asRefusal(error);
      if (refusal.code === 'failed') log.error({ err: error }, 'a request on the control socket failed');
      const failure: ControlFailure = { error: { code: refusal.code, message: refusal.message } };
      answer(response, statusOf[refusal.code], failure);
    });
  });

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent');
    switch (`${request.method} ${pathname}`) {
      case 'GET /status': {
        const status: ControlStatus = { pid: process.pid, endpoints: endpoints.count };
        return answer(response, 200, status);
      }
      case 'GET /machines':
        return answer(response, 200, { machines: agent.machines() satisfies readonly ControlMachine[] });
      case 'POST /machines': {
        const order = await readBody(request);
        return answer(response, 201, await agent.enrol(order.string('joinToken')));
      }
      case 'POST /endpoints':
        return await open(readOrder(await readBody(request)), response);
      case 'DELETE /endpoints': {
        const resourceId = searchParams.get('resourceId');
        if (resourceId === null) throw new Refusal('invalid-request', 'resourceId is missing');
        return answer(response, 200, { closed: await endpoints.release(resourceId) });
      }
      default:
        throw new Refusal('not-found', `there is no ${request.method} ${pathname} here`);
    }
  }

  async function open(order: EndpointOrder, response: ServerResponse): Promise<void> {
    if (order.life === 'keep') return answer(response, 201, await endpoints.keep(order.resourceId));
    const endpoint = await endpoints.open(order);
    const close = async () => {
      try {
        await endpoint[Symbol.asyncDispose]();
      } catch (error) {
        log.error({ err: error }, 'an endpoint did not close');
      }
    };
    // the lease is the connection: however the program that asked ends, the kernel closes it
    if (response.destroyed) return await close();
    response.on('close', () => void close());
    response.writeHead(201, { 'content-type': 'application/json; charset=utf-8' });
    response.write(`${JSON.stringify(endpoint.answer)}\n`);
  }

  await takeFile(file);
  await endpoints.start();
  const place = socketPath(file);
  try {
    server.listen(place);
    await once(server, 'listening');
    await chmod(place, 0o600);
  } catch (error) {
    throw new ControlSocketError(`the control socket ${file} cannot be opened: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await endpoints[Symbol.asyncDispose]();
    },
  };
}

/** Makes way for a socket file: none is there, or nobody answers on it. */
async function takeFile(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const probe = connect(socketPath(file));
  try {
    await once(probe, 'connect');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' && (await lstat(file)).isSocket()) await rm(file);
    else if (code !== 'ENOENT') {
      throw new ControlSocketError(`${file} is in the way of the control socket`, { cause: error });
    }
    return;
  } finally {
    probe.destroy();
  }
  throw new ControlSocketError(`another agent answers on ${file} already`);
}

async function readBody(request: IncomingMessage): Promise<JsonReader> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxControlBody) throw new Refusal('invalid-request', 'the request is too large');
    chunks.push(chunk);
  }
  return JsonReader.parse(Buffer.concat(chunks).toString('utf8'), 'the request');
}

function readOrder(from: JsonReader): EndpointOrder {
  const resourceId = from.string('resourceId');
  const mode = from.string('mode');
  const life = from.string('life');
  if (mode !== 'environment' && mode !== 'isolated') {
    throw new Refusal('invalid-request', "mode is 'environment' or 'isolated'");
  }
  if (life !== 'lease' && life !== 'keep') throw new Refusal('invalid-request', "life is 'lease' or 'keep'");
  if (life === 'keep' && mode === 'isolated') {
    throw new Refusal('invalid-request', 'an endpoint of an isolated program ends with it');
  }
  return { resourceId, mode, life };
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnexpectedAnswer || error instanceof ResourceIdError) {
    return new Refusal('invalid-request', error.message);
  }
  if (error instanceof NotEnrolled) return new Refusal('not-enrolled', error.message);
  if (error instanceof EnrolmentRefused) return new Refusal('refused', error.message);
  if (error instanceof TooManyEndpoints) return new Refusal('too-many', error.message);
  if (error instanceof Unreachable) return new Refusal('unavailable', error.message);
  return new Refusal('failed', 'the agent failed; its log says why');
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
