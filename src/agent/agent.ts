import type { CarriedIdentity } from '../contract/agent.ts';

/** A resource that this host is enrolled as. */
export interface EnrolledMachine {
  readonly machineId: string;
  readonly tenantId: string;
  /** ARM id, as displayed. */
  readonly resourceId: string;
  /** What the resource carries, as far as the server has told. */
  readonly identities: readonly CarriedIdentity[];
}

/** Where an endpoint listens: loopback TCP (port 0, any free one, unless told), or a socket file that a relay leads to. */
export type EndpointPlace =
  | { readonly kind: 'tcp'; readonly address?: string; readonly port?: number }
  | { readonly kind: 'unix'; readonly path: string };

/** An open endpoint: it answers for exactly one resource. */
export interface Endpoint extends AsyncDisposable {
  readonly resourceId: string;
  /** `http://127.0.0.1:40123`; for a socket file, the origin that the relay stands for (`http://169.254.169.254`). */
  readonly origin: string;
  /** `host:port`, or the socket's path. */
  readonly address: string;
  /** Name of the host protocol it speaks. */
  readonly protocol: string;
  /** The built-in address of that protocol's clients: where a relay inside a namespace listens. */
  readonly wellKnown: { readonly address: string; readonly port: number };
  /**
   * What a program's environment needs to find the endpoint; empty for a socket file, since behind the relay the
   * endpoint is where clients look by themselves.
   */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The agent of one host. Dispose of it to close every endpoint and stop following the server; keys stay on disk. */
export interface Agent extends AsyncDisposable {
  /**
   * Makes this host the resource that the join token names, in place of an earlier enrolment for it. Resolves once
   * the identities of the resource are known.
   *
   * @throws EnrolmentRefused where the server refuses the token
   * @throws Unreachable
   */
  enrol(joinToken: string): Promise<EnrolledMachine>;
  machines(): readonly EnrolledMachine[];
  /**
   * @param resourceId of an enrolled machine, in any case
   * @throws NotEnrolled
   */
  openEndpoint(resourceId: string, place: EndpointPlace): Promise<Endpoint>;
}

/** The server refuses the join token; the message is the server's. */
export class EnrolmentRefused extends Error {
  override readonly name = 'EnrolmentRefused';
}

/** This host is not enrolled as the resource. */
export class NotEnrolled extends Error {
  override readonly name = 'NotEnrolled';
}
