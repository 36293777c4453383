import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type CloudProfile, instanceDiscoveryName } from '../../contract/cloud-profile.ts';
import { instanceDiscoveryOf } from '../../contract/instance-discovery.ts';
import type { Log } from '../../foundation/log.ts';

/** PEM both; the certificate is for the one name and no authority. */
export interface InstanceCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface InstanceAnswererOptions {
  /** Of kind `own`: under `azure` the token service answers for itself. */
  readonly profile: CloudProfile;
  readonly instanceCertificate: InstanceCertificate;
  readonly log: Log;
}

/**
 * Answers the programs of this machine under the name that clients ask about an authority host they do not know. It
 * knows one deployment, and nothing else is to be had of it: no token, no document, no key.
 */
export interface InstanceAnswerer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** PEM: trusted by programs that Innate runs, for that one name. */
  readonly certificate: string;
}

const maxConnections = 256;
const discoveryPath = /^\/+common\/+discovery\/+instance\/*$/i;

/** Listens on 127.0.0.1, any free port. */
export async function startInstanceAnswerer(options: InstanceAnswererOptions): Promise<InstanceAnswerer> {
  const { instanceCertificate, log, profile } = options;
  const server = createServer({
    cert: instanceCertificate.certificate,
    key: instanceCertificate.privateKey,
    minVersion: 'TLSv1.2',
    maxHeaderSize: 16 * 1024,
    handshakeTimeout: 10_000,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 5000,
    joinDuplicateHeaders: true,
  });
  server.maxConnections = maxConnections;
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = answerTo(profile, request);
    if (status === 421) log.info({ method: request.method }, `${instanceDiscoveryName} was asked for more`);
    // what stands behind the headers of a refused request, a credential maybe, is thrown away unread
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    response.end(JSON.stringify(body));
  };
  server.on('request', serve);
  // a client that waits to be asked for its body is not asked for it
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('tlsClientError', (error) => log.debug({ reason: error.message }, 'TLS handshake failed'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    certificate: instanceCertificate.certificate,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** From the head of a request alone. */
function answerTo(profile: CloudProfile, { method, url = '', headers }: IncomingMessage): Answer {
  const [path = '', query = ''] = url.split('?');
  if (method !== 'GET' || !discoveryPath.test(path) || !isTheName(headers.host)) {
    return refusal(profile, 421, 'It is answered here about instances alone, and nothing else was read.');
  }
  const parameters = new URLSearchParams(query);
  const asked = parameters.get('authorization_endpoint') ?? '';
  const version = parameters.get('api-version') === '1.0' ? '1.0' : '1.1';
  const answer = instanceDiscoveryOf(profile, aboutTheCloud(profile, asked), version);
  if (answer !== undefined) return { status: 200, body: answer };
  return refusal(profile, 400, 'The authority that it was asked about is not of this deployment.');
}

function isTheName(host: string | undefined): boolean {
  return host !== undefined && host.toLowerCase().replace(/:443$/, '') === instanceDiscoveryName;
}

/** MSAL Python asks the public cloud for its list of instances by naming that cloud itself, without a tenant. */
function aboutTheCloud(profile: CloudProfile, asked: string): string {
  const general = `https://${instanceDiscoveryName}/common/oauth2/authorize`;
  return asked === general ? `https://${profile.login}/common/oauth2/authorize` : asked;
}

/** In the words of the token service, since its clients read them. */
function refusal(profile: CloudProfile, status: number, reason: string): Answer {
  const origin = `https://${profile.login}`;
  return {
    status,
    body: {
      error: 'invalid_instance',
      error_description:
        `AADSTS50049: Unknown or invalid instance. ${instanceDiscoveryName} is not this deployment's token service. ` +
        `${reason} Sign in at ${origin}: AZURE_AUTHORITY_HOST=${origin}`,
      error_codes: [50049],
    },
  };
}
