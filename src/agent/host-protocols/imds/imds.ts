import {
  type Answer,
  type HostProtocol,
  jsonAnswer,
  type Question,
  type Reading,
  type Refusal,
  readRevocation,
  type Selector,
  type Target,
  type Token,
} from '../host-protocol.ts';
import { apiVersions, isIdentityVersion } from './api-versions.ts';
import { refuse, serverHeader } from './imds-errors.ts';
import { readInstancePath } from './instance-metadata.ts';

/**
 * The metadata service of virtual machines, scale sets, container instances and batch nodes
 * (`spec/host-protocols.md` §1, §4, §5a). Serves whatever no other protocol claims.
 */
export const imds: HostProtocol = {
  name: 'imds',
  serves: () => true,
  listensOn: { address: '169.254.169.254', port: 80 },
  environment: (origin) => ({ AZURE_POD_IDENTITY_AUTHORITY_HOST: origin }),
  admittingHeaders: ['metadata'],
  admit([metadata]) {
    if (metadata === 'true' || metadata?.toLowerCase() === 'true') return undefined;
    return { kind: 'not-admitted' };
  },
  read,
  write,
  refuse,
};

function read({ path, parameters }: Target): Reading {
  switch (path) {
    case '/metadata/identity/oauth2/token':
      return readQuestion(parameters);
    case '/metadata/identity/info':
      return readInfo(parameters);
    case '/metadata/versions':
      return answered(jsonAnswer(200, JSON.stringify({ apiVersions }), serverHeader));
    default:
      // bound tokens (getplatformmetadata, issuecredential) are not offered: 404 says so, also to a probe without
      // the header, where 400 would claim the opposite
      return readInstancePath(path, parameters) ?? answered(refuse({ kind: 'not-found' }), true);
  }
}

function answered(answer: Answer, open = false): Reading {
  return { kind: 'answer', answer, open };
}

function refused(refusal: Refusal): Reading {
  return answered(refuse(refusal));
}

/** Every spelling that a client is known to send (`spec/host-protocols.md` §3). */
const selectorNames: readonly (readonly [string, Selector['by']])[] = [
  ['client_id', 'clientId'],
  ['clientid', 'clientId'],
  ['object_id', 'principalId'],
  ['principal_id', 'principalId'],
  ['principalid', 'principalId'],
  ['msi_res_id', 'resourceId'],
  ['mi_res_id', 'resourceId'],
  ['msi-res-id', 'resourceId'],
];

const maxResource = 1024;
/** Printable ASCII without space, quotes and angle brackets. */
const resourcePattern = /^[!#-;=?-~]+$/;

function readQuestion(parameters: ReadonlyMap<string, string>): Reading {
  const version = parameters.get('api-version') ?? '';
  if (version === '') return refused({ kind: 'missing-parameter', detail: 'api-version' });
  if (!isIdentityVersion(version)) return refused({ kind: 'unsupported-version' });
  const resource = parameters.get('resource') ?? '';
  if (resource === '') return refused({ kind: 'missing-parameter', detail: 'resource' });
  if (resource.length > maxResource || !resourcePattern.test(resource)) {
    return refused({ kind: 'invalid-parameter', detail: 'resource' });
  }
  const selectors: Selector[] = [];
  for (const [echo, by] of selectorNames) {
    const value = parameters.get(echo) ?? '';
    if (value !== '') selectors.push({ by, value, echo });
  }
  if (selectors.length > 1) return refused({ kind: 'several-selectors' });
  const question: Question = {
    resource,
    selector: selectors[0],
    ...readRevocation(parameters),
  };
  return { kind: 'token', question };
}

function readInfo(parameters: ReadonlyMap<string, string>): Reading {
  const version = parameters.get('api-version') ?? '';
  if (version === '') return refused({ kind: 'missing-parameter', detail: 'api-version' });
  if (!isIdentityVersion(version)) return refused({ kind: 'unsupported-version' });
  return {
    kind: 'document',
    render: ({ tenantId }) => jsonAnswer(200, JSON.stringify({ tenantId }), serverHeader),
  };
}

/** `expires_in` stands before `expires_on`: .NET writes both into one slot, and the last one wins. */
function write({ resource, selector }: Question, token: Token, now: number): Answer {
  const left = String(Math.max(0, token.expiresOn - now));
  const body = {
    access_token: token.accessToken,
    client_id: token.clientId,
    expires_in: left,
    expires_on: String(token.expiresOn),
    ext_expires_in: left,
    not_before: String(token.notBefore),
    resource,
    token_type: 'Bearer',
    ...(selector === undefined || selector.by === 'clientId' ? {} : { [echoName(selector)]: selector.value }),
  };
  return jsonAnswer(200, JSON.stringify(body), serverHeader);
}

function echoName({ by }: Selector): string {
  return by === 'principalId' ? 'object_id' : 'msi_res_id';
}
