import { constants } from 'node:crypto';
import type https from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import type { Log } from '../foundation/log.ts';
import { readClientHello } from './client-hello.ts';

export interface CertificateRequests {
  /** Whether connections to a name (lower case) are asked for a client certificate. */
  readonly asksForCertificate: (serverName: string) => boolean;
  /** Certificate, key and limits of the listener. */
  readonly tls: SecureContextOptions;
  /** Milliseconds for the first message, and again for the handshake behind it. */
  readonly handshakeTimeout: number;
  readonly log: Log;
}

/**
 * Makes a listener ask clients for a certificate, on some names alone. Node asks everybody or nobody, so a connection's
 * first message is looked at before its handshake: it goes on to the listener's own handshake, or to one that asks. The
 * certificate is neither demanded nor trusted here; TLS proves that the client holds its key, and who it stands for is
 * found by its digest, at each request. Nothing is resumed on these connections (C7).
 */
export function requestCertificates(server: https.Server, requests: CertificateRequests): void {
  const { asksForCertificate, handshakeTimeout, log } = requests;
  const secureContext = createSecureContext({ ...requests.tls, secureOptions: constants.SSL_OP_NO_TICKET });
  const handshakes = server.listeners('connection');
  server.removeAllListeners('connection');

  server.on('connection', (socket: Socket) => {
    let seen: Buffer = Buffer.alloc(0);
    const leave = () => socket.destroy();
    const waiting = setTimeout(leave, handshakeTimeout);

    function look(chunk: Buffer): void {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const hello = readClientHello(seen);
      if (hello.kind === 'incomplete') return;
      done();
      socket.pause();
      socket.unshift(seen);
      if (hello.serverName !== undefined && asksForCertificate(hello.serverName)) ask(socket);
      else for (const handshake of handshakes) handshake.call(server, socket);
    }

    function done(): void {
      clearTimeout(waiting);
      socket.off('data', look);
      socket.off('end', leave);
      socket.off('error', leave);
      socket.off('close', done);
    }

    socket.on('data', look);
    socket.on('end', leave);
    socket.on('error', leave);
    socket.on('close', done);
  });

  function ask(socket: Socket): void {
    const secured = new TLSSocket(socket, {
      isServer: true,
      requestCert: true,
      rejectUnauthorized: false,
      secureContext,
      ALPNProtocols: ['http/1.1'],
    });
    const failed = (reason: string) => {
      log.debug({ reason }, 'TLS handshake failed');
      secured.destroy();
    };
    const onError = (error: Error) => failed(error.message);
    const late = setTimeout(() => failed('no handshake in time'), handshakeTimeout);
    secured.on('error', onError);
    secured.once('close', () => clearTimeout(late));
    secured.once('secure', () => {
      clearTimeout(late);
      secured.off('error', onError);
      server.emit('secureConnection', secured);
    });
  }
}
