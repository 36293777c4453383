import type {
  CarriedIdentity,
  CredentialsRequest,
  Enrolment,
  EnrolRequest,
  IdentitiesAnswer,
  IssuedCredential,
  ResourceFacts,
} from '../contract/agent.ts';
import type { Transport, TransportAnswer } from './https.ts';
import { JsonReader, UnexpectedAnswer } from './json-reader.ts';

/** The server's refusal, in the words of its error envelope. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a proof is made over. */
export interface ProvenRequest {
  readonly method: string;
  /** Without query. */
  readonly url: string;
  readonly body: string;
}

/** Makes the value of the `Authorization` header. */
export type Prove = (request: ProvenRequest) => Promise<string>;

/** Longer than the server waits before it answers a long poll. */
const longPollTimeout = 40_000;

/** Calls to the agents surface. Each throws `Unreachable`, `ApiError` or `UnexpectedAnswer`. */
export interface AgentsClient {
  /** Turns a join token into a machine. A token works once: after `Unreachable` its fate is unknown. */
  enrol(request: EnrolRequest, prove: Prove): Promise<Enrolment>;
  credentials(
    machineId: string,
    request: CredentialsRequest,
    prove: Prove,
  ): Promise<readonly IssuedCredential[]>;
  /** With `after`, answers when the state differs from it, or after 25 s with the state as it is. */
  identities(
    machineId: string,
    prove: Prove,
    options?: { readonly after?: string; readonly signal?: AbortSignal },
  ): Promise<IdentitiesAnswer>;
}

/** @param name host name of the agents surface */
export function createAgentsClient(transport: Transport, name: string): AgentsClient {
  const post = async (path: string, content: unknown, prove: Prove): Promise<JsonReader> => {
    const body = JSON.stringify(content);
    const authorization = await prove({ method: 'POST', url: `https://${name}${path}`, body });
    const headers = { authorization, 'content-type': 'application/json' };
    return read(await transport.request({ name, method: 'POST', path, headers, body }));
  };
  return {
    async enrol(request, prove) {
      return readEnrolment(await post('/enrol', request, prove));
    },
    async credentials(machineId, request, prove) {
      const answer = await post(`/machines/${machineId}/credentials`, request, prove);
      return answer.list('credentials', readCredential);
    },
    async identities(machineId, prove, { after, signal } = {}) {
      const path = `/machines/${machineId}/identities`;
      const authorization = await prove({ method: 'GET', url: `https://${name}${path}`, body: '' });
      const answer = await transport.request({
        name,
        method: 'GET',
        path: after === undefined ? path : `${path}?after=${after}`,
        headers: { authorization },
        timeout: longPollTimeout,
        ...(signal === undefined ? {} : { signal }),
      });
      return readIdentities(read(answer));
    },
  };
}

function read(answer: TransportAnswer): JsonReader {
  if (answer.status >= 200 && answer.status < 300) return JsonReader.parse(answer.body, 'the answer');
  let error: JsonReader | undefined;
  try {
    error = JsonReader.parse(answer.body, 'the answer').object('error');
  } catch {
    throw new UnexpectedAnswer(`the server answered ${answer.status} without an error envelope`);
  }
  throw new ApiError(answer.status, error.string('code'), error.string('message'));
}

function readEnrolment(from: JsonReader): Enrolment {
  return {
    machineId: from.string('machineId'),
    tenantId: from.string('tenantId'),
    resourceId: from.string('resourceId'),
    loginOrigin: from.string('loginOrigin'),
  };
}

function readCredential(from: JsonReader): IssuedCredential {
  return {
    clientId: from.string('clientId'),
    principalId: from.string('principalId'),
    certificate: from.string('certificate'),
    notBefore: from.number('notBefore'),
    notAfter: from.number('notAfter'),
  };
}

function readIdentities(from: JsonReader): IdentitiesAnswer {
  return {
    state: from.string('state'),
    identities: from.list('identities', readCarriedIdentity),
    resource: readResourceFacts(from.object('resource')),
  };
}

/** @throws UnexpectedAnswer */
export function readCarriedIdentity(from: JsonReader): CarriedIdentity {
  const kind = from.string('kind');
  if (kind !== 'SystemAssigned' && kind !== 'UserAssigned') {
    throw new UnexpectedAnswer('an identity has an unknown kind');
  }
  return {
    kind,
    principalId: from.string('principalId'),
    clientId: from.string('clientId'),
    resourceId: from.string('resourceId'),
    tokensValidFrom: from.number('tokensValidFrom'),
  };
}

/** @throws UnexpectedAnswer */
export function readResourceFacts(from: JsonReader): ResourceFacts {
  return {
    resourceId: from.string('resourceId'),
    type: from.string('type'),
    name: from.string('name'),
    location: from.string('location'),
    tags: from.object('tags').strings(),
    vmId: from.optionalString('vmId'),
    vmSize: from.optionalString('vmSize'),
    osType: from.optionalString('osType'),
  };
}
