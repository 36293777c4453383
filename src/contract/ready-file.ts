/** What `innate up --ready-file FILE` writes (0600) once it serves. */
export interface ReadyFile {
  readonly pid: number;
  readonly profile: 'azure' | 'own';
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** PEM file of the deployment's authority. */
  readonly caFile: string;
  /** `http://127.0.0.1:<port>` of the name proxy. */
  readonly proxy: string;
  /** Origins (`https://login…`), and the suffix of vault names without a scheme. */
  readonly endpoints: {
    readonly login: string;
    readonly management: string;
    readonly graph: string;
    readonly vaultSuffix: string;
  };
  readonly operator: { readonly clientId: string; readonly clientSecret: string };
}

/** `<data>/server.json` (0600): the same, and how the commands of this machine reach the server and its agent. */
export interface ServerFile extends ReadyFile {
  readonly connect: { readonly host: string; readonly port: number };
  /** The agent's control socket. */
  readonly controlSocket: string;
}
