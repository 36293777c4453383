import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './agents-client.ts';
import type { Transport, TransportAnswer } from './https.ts';
import { JsonReader, UnexpectedAnswer } from './json-reader.ts';

export interface ResourceManagerOptions {
  readonly transport: Transport;
  /** Host name of the management surface. */
  readonly management: string;
  /** A bearer token for the management surface. */
  readonly token: () => Promise<string>;
  /** Waits; the machine's own timer unless told. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Azure Resource Manager's protocol: ids are paths, every request names an api-version, long operations are followed to
 * their end (`spec/resource-manager.md` a). Every call throws `Unreachable`, `ApiError` (with ARM's code and message) or
 * `UnexpectedAnswer`.
 */
export interface ResourceManagerClient {
  /** `undefined` where ARM answers 404. */
  get(id: string, apiVersion: string): Promise<JsonReader | undefined>;
  /** Every page of a collection; some are asked for by POST. */
  list(
    path: string,
    apiVersion: string,
    query?: ResourceQuery,
    method?: 'GET' | 'POST',
  ): Promise<readonly JsonReader[]>;
  /** The first page of a collection, and whether there are more. */
  page(path: string, apiVersion: string, query?: ResourceQuery): Promise<ResourcePage>;
  /** Creates or replaces; answers the resource as it stands in the end. */
  put(id: string, apiVersion: string, content: unknown, watch?: Watch): Promise<JsonReader>;
  /** Changes what the content names; answers the resource as it stands in the end. */
  patch(id: string, apiVersion: string, content: unknown, watch?: Watch): Promise<JsonReader>;
  /** An action of a resource; `undefined` where it answers nothing. */
  post(path: string, apiVersion: string, content?: unknown, watch?: Watch): Promise<JsonReader | undefined>;
  /** Deletes, and waits until it is gone. What is not there counts as deleted. */
  delete(id: string, apiVersion: string, watch?: Watch): Promise<void>;
}

export interface ResourcePage {
  readonly items: readonly JsonReader[];
  readonly more: boolean;
}

/** Query options of ARM by name, without the dollar sign. */
export type ResourceQuery = Readonly<Partial<Record<'filter' | 'expand' | 'top', string>>>;

/** Is told each time that a long operation was found not to have ended. */
export type Watch = () => Promise<void> | void;

const maxPages = 1000;
/** A page of a thousand resources, or the types of every provider, are some MiB. */
const maxAnswer = 64 * 1024 * 1024;
/** How often a long operation is asked for at most: at ARM's usual pace, a good ten minutes. */
const maxPolls = 600;

export function createResourceManagerClient(options: ResourceManagerOptions): ResourceManagerClient {
  const { transport, management, token, wait = delay } = options;

  const send = async (method: string, path: string, content?: unknown): Promise<TransportAnswer> => {
    const headers: Record<string, string> = { authorization: `Bearer ${await token()}` };
    const body = content === undefined ? undefined : JSON.stringify(content);
    if (body !== undefined) headers['content-type'] = 'application/json';
    const request = { name: management, method, path, headers, timeout: 60_000, maxAnswer };
    const answer = await transport.request(body === undefined ? request : { ...request, body });
    if (answer.status >= 400) throw failure(answer);
    return answer;
  };

  /** Path and query of an address that the server gives, which must be on the management surface. */
  const pathOf = (address: string): string => {
    const url = URL.parse(address);
    if (url === null || url.protocol !== 'https:' || url.hostname !== management) {
      throw new UnexpectedAnswer('the answer leads to an address that is not the resource manager');
    }
    return url.pathname + url.search;
  };

  /** Follows a long operation; resolves to its last answer. */
  const settle = async (first: TransportAnswer, watch?: Watch): Promise<TransportAnswer> => {
    const status = header(first, 'azure-asyncoperation');
    const location = header(first, 'location');
    if (first.status !== 202 && status === undefined) return first;
    const address = status ?? location;
    if (address === undefined) return first;
    let answer = first;
    for (let polls = 0; polls < maxPolls; polls += 1) {
      await watch?.();
      await wait(Number(header(answer, 'retry-after') ?? 1) * 1000);
      answer = await send('GET', pathOf(address));
      if (status === undefined) {
        if (answer.status !== 202) return answer;
        continue;
      }
      const operation = JsonReader.parse(answer.body, 'the operation');
      switch (operation.string('status')) {
        case 'Succeeded':
          return answer;
        case 'Failed':
        case 'Canceled': {
          const error = operation.optionalObject('error');
          throw new ApiError(
            answer.status,
            error?.string('code') ?? 'OperationFailed',
            error === undefined ? 'the operation failed' : messageOf(error),
          );
        }
      }
    }
    throw new UnexpectedAnswer('the operation does not come to an end');
  };

  const get = async (id: string, apiVersion: string): Promise<JsonReader | undefined> => {
    try {
      const answer = await send('GET', withVersion(id, apiVersion));
      return JsonReader.parse(answer.body, id);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };

  const change = async (
    method: 'PUT' | 'PATCH',
    id: string,
    apiVersion: string,
    content: unknown,
    watch: Watch | undefined,
  ): Promise<JsonReader> => {
    const { status } = await settle(await send(method, withVersion(id, apiVersion), content), watch);
    const resource = status === 200 || status === 201 ? await get(id, apiVersion) : undefined;
    if (resource === undefined)
      throw new UnexpectedAnswer(`${id} is not there after it was ${method === 'PUT' ? 'made' : 'changed'}`);
    return resource;
  };

  return {
    get,

    async list(path, apiVersion, query = {}, method = 'GET') {
      const items: JsonReader[] = [];
      let next: string | undefined = withVersion(path, apiVersion, query);
      for (let page = 0; next !== undefined && page < maxPages; page += 1) {
        const answer: JsonReader = JsonReader.parse((await send(method, next)).body, path);
        items.push(...answer.list('value', (item) => item));
        const link = answer.optionalString('nextLink');
        next = link === null || link === '' ? undefined : pathOf(link);
      }
      return items;
    },

    async page(path, apiVersion, query) {
      const { body } = await send('GET', withVersion(path, apiVersion, query));
      const answer = JsonReader.parse(body, path);
      return {
        items: answer.list('value', (item) => item),
        more: Boolean(answer.optionalString('nextLink')),
      };
    },

    put: (id, apiVersion, content, watch) => change('PUT', id, apiVersion, content, watch),

    patch: (id, apiVersion, content, watch) => change('PATCH', id, apiVersion, content, watch),

    async post(path, apiVersion, content, watch) {
      const answer = await settle(await send('POST', withVersion(path, apiVersion), content), watch);
      return answer.body === '' ? undefined : JsonReader.parse(answer.body, path);
    },

    async delete(id, apiVersion, watch) {
      try {
        await settle(await send('DELETE', withVersion(id, apiVersion)), watch);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      }
    },
  };
}

function withVersion(path: string, apiVersion: string, query: ResourceQuery = {}): string {
  const address = `${path.split('/').map(encodeURIComponent).join('/')}?api-version=${encodeURIComponent(apiVersion)}`;
  const options = Object.entries(query).map(([name, value]) => `&$${name}=${encodeURIComponent(value)}`);
  return address + options.join('');
}

function header(answer: TransportAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function failure({ status, body }: TransportAnswer): Error {
  try {
    const error = JsonReader.parse(body, 'the answer').object('error');
    return new ApiError(status, error.string('code'), messageOf(error));
  } catch {
    return new UnexpectedAnswer(`the resource manager answered ${status} without an error envelope`);
  }
}

/** How much of what is within an error is told. */
const deepest = 4;
const mostDetails = 20;

/** The message of an error, with those of the errors within it: of deployments only these say what failed. */
function messageOf(error: JsonReader): string {
  const lines: string[] = [error.string('message')];
  const add = (within: JsonReader, depth: number) => {
    if (depth > deepest || !Array.isArray(within.whole()['details'])) return;
    for (const detail of within.list('details', (one) => one)) {
      const message = detail.optionalString('message');
      if (message !== null && lines.length <= mostDetails && !lines.includes(message)) {
        lines.push(`${'  '.repeat(depth)}${detail.optionalString('code') ?? ''}: ${message}`);
      }
      add(detail, depth + 1);
    }
  };
  add(error, 1);
  return lines.join('\n');
}
