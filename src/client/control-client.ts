import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { CarriedIdentity } from '../contract/agent.ts';
import type {
  ControlMachine,
  ControlStatus,
  EndpointOrder,
  OpenedEndpoint,
} from '../contract/control-socket.ts';
import { ApiError, readCarriedIdentity } from './agents-client.ts';
import { Unreachable } from './https.ts';
import { JsonReader, UnexpectedAnswer } from './json-reader.ts';
import { socketPath } from './socket-path.ts';

/** An endpoint that is open until this is disposed of, or this process ends. */
export interface LeasedEndpoint extends AsyncDisposable {
  readonly endpoint: OpenedEndpoint;
}

/** Calls to an agent's control socket. Each throws `Unreachable`, `ApiError` or `UnexpectedAnswer`. */
export interface ControlClient {
  status(): Promise<ControlStatus>;
  machines(): Promise<readonly ControlMachine[]>;
  enrol(joinToken: string): Promise<ControlMachine>;
  lease(order: Omit<EndpointOrder, 'life'>): Promise<LeasedEndpoint>;
  /** An endpoint in mode `environment` that stays open when this process has ended. */
  keep(resourceId: string): Promise<OpenedEndpoint>;
  /** Closes what `keep` opened; tells how many there were. */
  release(resourceId: string): Promise<number>;
}

const timeout = 60_000;
const maxAnswer = 1024 * 1024;

/** @param file the control socket, `<data>/agent.sock` */
export function createControlClient(file: string): ControlClient {
  const place = socketPath(file);

  const call = async (method: string, path: string, content?: unknown): Promise<JsonReader> => {
    const { outgoing, incoming } = await send(place, method, path, content);
    outgoing.setTimeout(timeout, () => outgoing.destroy());
    const text = await readText(incoming);
    return read(incoming, text);
  };

  return {
    async status() {
      const answer = await call('GET', '/status');
      return { pid: answer.number('pid'), endpoints: answer.number('endpoints') };
    },
    async machines() {
      return (await call('GET', '/machines')).list('machines', readMachine);
    },
    async enrol(joinToken) {
      return readMachine(await call('POST', '/machines', { joinToken }));
    },
    async keep(resourceId) {
      const order: EndpointOrder = { resourceId, mode: 'environment', life: 'keep' };
      return readEndpoint(await call('POST', '/endpoints', order));
    },
    async release(resourceId) {
      const path = `/endpoints?resourceId=${encodeURIComponent(resourceId)}`;
      return (await call('DELETE', path)).number('closed');
    },
    async lease(order) {
      const { incoming } = await send(place, 'POST', '/endpoints', { ...order, life: 'lease' });
      if (incoming.statusCode !== 201) throw read(incoming, await readText(incoming));
      const endpoint = readEndpoint(JsonReader.parse(await readLine(incoming), 'the answer'));
      incoming.on('error', () => {});
      incoming.resume();
      return {
        endpoint,
        async [Symbol.asyncDispose]() {
          incoming.destroy();
        },
      };
    },
  };
}

function send(
  socket: string,
  method: string,
  path: string,
  content: unknown,
): Promise<{ outgoing: ClientRequest; incoming: IncomingMessage }> {
  const body = content === undefined ? undefined : JSON.stringify(content);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      socketPath: socket,
      method,
      path,
      agent: false,
      headers:
        body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    outgoing.on('response', (incoming) => resolve({ outgoing, incoming }));
    outgoing.on('error', (error) => {
      reject(new Unreachable(`the agent cannot be reached: ${error.message}`, { cause: error }));
    });
    outgoing.end(body);
  });
}

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = '';
  incoming.setEncoding('utf8');
  for await (const chunk of incoming) {
    text += chunk;
    if (text.length > maxAnswer) throw new UnexpectedAnswer('the answer is too large');
  }
  return text;
}

/** The first line of an answer that goes on. */
function readLine(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const receive = (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= maxAnswer) return;
      incoming.off('data', receive);
      resolve(text.slice(0, end));
    };
    incoming.setEncoding('utf8');
    incoming.on('data', receive);
    incoming.on('close', () => reject(new Unreachable('the agent broke off')));
  });
}

/** @throws ApiError where the agent refuses */
function read(incoming: IncomingMessage, text: string): JsonReader {
  const answer = JsonReader.parse(text, 'the answer');
  const status = incoming.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  const error = answer.object('error');
  throw new ApiError(status, error.string('code'), error.string('message'));
}

function readMachine(from: JsonReader): ControlMachine {
  return {
    machineId: from.string('machineId'),
    tenantId: from.string('tenantId'),
    resourceId: from.string('resourceId'),
    identities: from.list<CarriedIdentity>('identities', readCarriedIdentity),
  };
}

function readEndpoint(from: JsonReader): OpenedEndpoint {
  const sockets = from.optionalObject('sockets');
  const wellKnown = from.object('wellKnown');
  return {
    resourceId: from.string('resourceId'),
    environment: from.object('environment').strings(),
    wellKnown: { address: wellKnown.string('address'), port: wellKnown.number('port') },
    proxy: from.string('proxy'),
    caFile: from.string('caFile'),
    discoveryCertificate: from.optionalString('discoveryCertificate'),
    sockets:
      sockets === undefined
        ? null
        : {
            host: sockets.string('host'),
            tls: sockets.string('tls'),
            proxy: sockets.string('proxy'),
            discovery: sockets.optionalString('discovery'),
          },
  };
}
