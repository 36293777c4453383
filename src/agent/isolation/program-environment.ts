import type { Environment } from '../../foundation/environment.ts';
import { javaToolOptions } from './java-options.ts';

/** What changes in a program's environment: a value sets a variable, `undefined` takes it away. */
export type EnvironmentChanges = Readonly<Record<string, string | undefined>>;

export interface ProgramEnvironmentOptions {
  /** The user's own environment. */
  readonly base: Environment;
  /** The variables of the resource's host protocol. */
  readonly host: Readonly<Record<string, string>>;
  /** `http://127.0.0.1:<port>` of the name proxy. */
  readonly proxy: string;
  /** File with every authority to trust. */
  readonly wholeBundle: string;
  /** File with the authorities that Node does not know by itself. */
  readonly extraBundle: string;
  /** File with every authority to trust, for Java. */
  readonly javaTrustStore: string;
  /** Names that the program reaches without the proxy because they resolve to the deployment where it runs. */
  readonly directNames: readonly string[];
  /** Whether the proxy is the only way out, so that what the user reaches directly goes through it as well. */
  readonly proxyOnly: boolean;
}

/** Every client's own name for "the platform's token endpoint": one that is left from elsewhere would win. */
const hostProtocolVariables = [
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'IDENTITY_SERVER_THUMBPRINT',
  'IMDS_ENDPOINT',
  'MSI_ENDPOINT',
  'MSI_SECRET',
];

/** The server's own secret: whoever starts programs from the shell that started the server has it in there. */
const secretVariables = ['INNATE_KEY_ENCRYPTION_KEY'];

/** `spec/host-protocols.md` §10: JS takes neither ranges nor `*`, so the one link-local address is named. */
const alwaysDirect = ['169.254.169.254', '127.0.0.1', 'localhost', '::1'];

/**
 * The changes that make a program find its identity and trust the deployment: the host protocol's variables, the
 * proxy, and each language's variable for a certificate authority (`spec/host-protocols.md` §10).
 */
export function programEnvironment(options: ProgramEnvironmentOptions): EnvironmentChanges {
  const { base, host, proxy, wholeBundle, extraBundle, javaTrustStore } = options;
  const changes: Record<string, string | undefined> = {};
  for (const name of [...hostProtocolVariables, ...secretVariables]) {
    if (base[name] !== undefined) changes[name] = undefined;
  }
  const inherited = options.proxyOnly ? '' : (base['no_proxy'] ?? base['NO_PROXY'] ?? '');
  const direct = new Set([
    ...inherited.split(',').map((entry) => entry.trim()),
    ...alwaysDirect,
    ...options.directNames,
  ]);
  direct.delete('');
  const noProxy = [...direct].join(',');
  // with the proxy as the only way out, plain http has to take it as well
  const httpProxy = options.proxyOnly ? { HTTP_PROXY: proxy, http_proxy: proxy } : {};
  return {
    ...changes,
    ...host,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    ...httpProxy,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: extraBundle,
    SSL_CERT_FILE: wholeBundle,
    REQUESTS_CA_BUNDLE: wholeBundle,
    CURL_CA_BUNDLE: wholeBundle,
    JAVA_TOOL_OPTIONS: javaToolOptions(base['JAVA_TOOL_OPTIONS'] ?? '', {
      proxy,
      direct,
      plainHttp: options.proxyOnly,
      trustStore: javaTrustStore,
    }),
  };
}

/** Variables that `DefaultAzureCredential` reads before it asks the host. */
const earlierCredentials = [
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PATH',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_ID',
  'AZURE_AUTHORITY_HOST',
  'AZURE_TOKEN_CREDENTIALS',
];

/** Which of the user's own variables may keep a program from using its resource's identity. */
export function competingVariables(base: Environment): readonly string[] {
  return earlierCredentials.filter((name) => (base[name] ?? '') !== '');
}
