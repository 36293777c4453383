import { ApiError } from './agents-client.ts';
import type { Transport, TransportAnswer } from './https.ts';
import { JsonReader, UnexpectedAnswer } from './json-reader.ts';

export interface GraphOptions {
  readonly transport: Transport;
  /** Host name of the Graph surface. */
  readonly graph: string;
  /** A bearer token for the Graph surface. */
  readonly token: () => Promise<string>;
}

/** Query options of OData by name, without the dollar sign. */
export type GraphQuery = Readonly<Partial<Record<'filter' | 'select' | 'top', string>>>;

/**
 * Microsoft Graph's protocol (`spec/token-service-and-directory.md` h.5). Paths begin behind the version, their segments
 * are given apart. Every call throws `Unreachable`, `ApiError` (with Graph's code and message) or `UnexpectedAnswer`.
 */
export interface GraphClient {
  /** `undefined` where Graph answers 404. */
  get(path: readonly string[]): Promise<JsonReader | undefined>;
  /** Every page of a collection, or as many as hold the first `most` of it. */
  list(path: readonly string[], query?: GraphQuery, most?: number): Promise<readonly JsonReader[]>;
  /** Creates, or runs an action; `undefined` where it answers nothing. */
  post(path: readonly string[], content: unknown): Promise<JsonReader | undefined>;
  patch(path: readonly string[], content: unknown): Promise<void>;
  delete(path: readonly string[]): Promise<void>;
}

const version = '/v1.0';
const maxPages = 1000;

export function createGraphClient({ transport, graph, token }: GraphOptions): GraphClient {
  const send = async (method: string, path: string, content?: unknown): Promise<TransportAnswer> => {
    const headers: Record<string, string> = { authorization: `Bearer ${await token()}` };
    const body = content === undefined ? undefined : JSON.stringify(content);
    if (body !== undefined) headers['content-type'] = 'application/json';
    const request = { name: graph, method, path, headers, timeout: 60_000 };
    const answer = await transport.request(body === undefined ? request : { ...request, body });
    if (answer.status >= 400) throw failure(answer);
    return answer;
  };

  /** Path and query of a link that the server gives, which must be on the Graph surface. */
  const pathOf = (link: string): string => {
    const url = URL.parse(link);
    if (url === null || url.protocol !== 'https:' || url.hostname !== graph) {
      throw new UnexpectedAnswer('the answer leads to an address that is not the directory');
    }
    return url.pathname + url.search;
  };

  return {
    async get(path) {
      try {
        return JsonReader.parse((await send('GET', pathText(path))).body, path.join('/'));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },

    async list(path, query = {}, most = Number.POSITIVE_INFINITY) {
      const items: JsonReader[] = [];
      let next: string | undefined = pathText(path, query);
      for (let page = 0; next !== undefined && page < maxPages && items.length < most; page += 1) {
        const answer: JsonReader = JsonReader.parse((await send('GET', next)).body, path.join('/'));
        items.push(...answer.list('value', (item) => item));
        const link = answer.optionalString('@odata.nextLink');
        next = link === null ? undefined : pathOf(link);
      }
      return items.slice(0, most);
    },

    async post(path, content) {
      const { body } = await send('POST', pathText(path), content);
      return body === '' ? undefined : JsonReader.parse(body, path.join('/'));
    },

    async patch(path, content) {
      await send('PATCH', pathText(path), content);
    },

    async delete(path) {
      await send('DELETE', pathText(path));
    },
  };
}

/** A string as OData writes it in filters and keys. */
export function odataText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function pathText(path: readonly string[], query: GraphQuery = {}): string {
  const options = Object.entries(query).map(([name, value]) => `$${name}=${encodeURIComponent(value)}`);
  const address = `${version}/${path.map(encodeURIComponent).join('/')}`;
  return options.length === 0 ? address : `${address}?${options.join('&')}`;
}

function failure({ status, body }: TransportAnswer): Error {
  try {
    const error = JsonReader.parse(body, 'the answer').object('error');
    return new ApiError(status, error.string('code'), error.string('message'));
  } catch {
    return new UnexpectedAnswer(`the directory answered ${status} without an error envelope`);
  }
}
