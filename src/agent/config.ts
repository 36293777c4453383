import { parseArgs } from 'node:util';
import { type CallerLimits, metadataServiceLimits } from './callers.ts';

/** What a stand-alone agent is told on its command line; secrets come in files only. */
export interface AgentConfig {
  /** Origin of the agents surface. */
  readonly agents: { readonly host: string; readonly port: number };
  /** The address that connections go to, whatever the name resolves to. */
  readonly connect: { readonly host: string; readonly port: number };
  /** File with the PEM of the one authority that the server's certificate may come from. */
  readonly serverCaFile: string;
  /** File with the join token; `undefined` where this host is enrolled already. */
  readonly joinTokenFile: string | undefined;
  readonly folder: string;
  /** Where the endpoint listens. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly fetching: CallerLimits;
  /** Whether the limits count requests for tokens kept ready as well. */
  readonly everyRequest: boolean;
}

/** The command line makes no sense: one sentence that names the option. */
export class AgentConfigError extends Error {
  override readonly name = 'AgentConfigError';
}

export const agentUsage = `usage: agent --agents-url https://agents.DOMAIN[:PORT] --server-ca FILE [options]

  --agents-url URL        where the server's agents surface is
  --connect HOST:PORT     where to connect to, instead of what that name resolves to
  --server-ca FILE        PEM of the deployment's certificate authority: the only one trusted
  --join-token-file FILE  enrols this host with the token in the file (- reads standard input)
  --data DIR              where keys are kept (default: .innate-agent)
  --listen HOST:PORT      where programs ask for tokens (default: 127.0.0.1:0, any free port)
  --rate N                tokens fetched a second, in the long run (default: ${metadataServiceLimits.rate})
  --burst N               … and at once after a quiet time (default: ${metadataServiceLimits.burst})
  --concurrent N          … and together (default: ${metadataServiceLimits.concurrent})
  --limit-every-request   counts requests for tokens kept ready as well, as Azure does
`;

/** @throws AgentConfigError */
export function agentConfig(argv: readonly string[]): AgentConfig {
  const values = parse(argv);
  const { 'server-ca': serverCaFile } = values;
  if (serverCaFile === undefined) {
    throw new AgentConfigError('--server-ca FILE is needed: the server is not trusted on first sight');
  }
  const agents = parseAgentsUrl(values['agents-url']);
  return {
    agents,
    connect: values.connect === undefined ? agents : parseAddress('connect', values.connect),
    serverCaFile,
    joinTokenFile: values['join-token-file'],
    folder: values.data ?? '.innate-agent',
    listen: parseAddress('listen', values.listen ?? '127.0.0.1:0'),
    fetching: {
      rate: positive('rate', values.rate, metadataServiceLimits.rate),
      burst: positive('burst', values.burst, metadataServiceLimits.burst),
      concurrent: positive('concurrent', values.concurrent, metadataServiceLimits.concurrent),
    },
    everyRequest: values['limit-every-request'] ?? false,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        'agents-url': text,
        connect: text,
        'server-ca': text,
        'join-token-file': text,
        data: text,
        listen: text,
        rate: text,
        burst: text,
        concurrent: text,
        'limit-every-request': { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new AgentConfigError((error as Error).message);
  }
}

function parseAgentsUrl(text: string | undefined): AgentConfig['agents'] {
  const url = text === undefined ? null : URL.parse(text);
  if (
    url === null ||
    url.protocol !== 'https:' ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  ) {
    throw new AgentConfigError('--agents-url takes https://HOST[:PORT], the agents surface of the server');
  }
  return { host: url.hostname, port: url.port === '' ? 443 : Number(url.port) };
}

function parseAddress(name: string, text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new AgentConfigError(`--${name} takes HOST:PORT, such as 169.254.169.254:80, not '${text}'`);
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new AgentConfigError(`--${name} takes a whole number from 1, not '${text}'`);
  }
  return value;
}
