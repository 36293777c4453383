import type { CarriedIdentity } from './agent.ts';

/**
 * The agent's control socket: HTTP over `<data>/agent.sock`, JSON both ways. Whoever can open the socket file is the
 * host's own user; there is no other authentication. Refusals are `ControlFailure` with a 4xx or 5xx status.
 *
 * | request | answer |
 * |---|---|
 * | `GET /status` | `ControlStatus` |
 * | `GET /machines` | `{"machines": ControlMachine[]}` |
 * | `POST /machines` `EnrolOrder` | 201 `ControlMachine` |
 * | `POST /endpoints` `EndpointOrder` | 201 `OpenedEndpoint`, a line of JSON on an answer that stays open with a leased endpoint |
 * | `DELETE /endpoints?resourceId=…` | `{"closed": number}`: kept endpoints of the resource |
 */

/** Octets of a request body at most. */
export const maxControlBody = 16 * 1024;

export interface ControlStatus {
  readonly pid: number;
  /** How many endpoints are open. */
  readonly endpoints: number;
}

/** A resource that this host is enrolled as. */
export interface ControlMachine {
  readonly machineId: string;
  readonly tenantId: string;
  readonly resourceId: string;
  readonly identities: readonly CarriedIdentity[];
}

export interface EnrolOrder {
  readonly joinToken: string;
}

export interface EndpointOrder {
  /** ARM id in any case. */
  readonly resourceId: string;
  /** `environment`: on a loopback port. `isolated`: on socket files that a relay in a namespace leads to. */
  readonly mode: 'environment' | 'isolated';
  /**
   * `lease`: open until the connection that ordered it closes. `keep`: open until the agent ends or it is closed by
   * name; ordered again, the one that is open is answered. Kept endpoints are of mode `environment`.
   */
  readonly life: 'lease' | 'keep';
}

export interface OpenedEndpoint {
  readonly resourceId: string;
  /** The host protocol's variables; empty in mode `isolated`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the protocol's clients look by themselves. */
  readonly wellKnown: { readonly address: string; readonly port: number };
  /** `http://127.0.0.1:<port>` of the name proxy. */
  readonly proxy: string;
  /** PEM file of the deployment's authority. */
  readonly caFile: string;
  /** PEM certificate of who answers about instances beside programs; they trust it for that one name. */
  readonly discoveryCertificate: string | null;
  /** Mode `isolated` only: socket files that lead to what stands outside. */
  readonly sockets: IsolatedSockets | null;
}

export interface IsolatedSockets {
  /** To the endpoint. */
  readonly host: string;
  /** To the server's TLS listener. */
  readonly tls: string;
  readonly proxy: string;
  /** To who answers about instances. */
  readonly discovery: string | null;
}

export interface ControlFailure {
  readonly error: {
    readonly code:
      | 'invalid-request'
      | 'not-found'
      | 'not-enrolled'
      | 'refused'
      | 'too-many'
      | 'unavailable'
      | 'failed';
    /** One sentence. */
    readonly message: string;
  };
}
