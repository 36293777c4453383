import type { Duplex } from 'node:stream';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { IsolatedSockets } from '../../contract/control-socket.ts';

/** What the relay is told first: how the namespace is to look, and what to run in it. */
export interface RelayOrder {
  readonly profile: CloudProfile;
  /** Hidden from the program: it holds keys, the database and the agent's own socket. */
  readonly dataFolder: string;
  /** Unix sockets outside that the namespace's listeners lead to. */
  readonly sockets: IsolatedSockets;
  /** Where the host protocol's clients look by themselves. */
  readonly wellKnown: { readonly address: string; readonly port: number };
  /** PEM of what the program trusts of the deployment: its authority, and who answers about instances. */
  readonly authority: string;
  /** Variables of the resource's host protocol. */
  readonly host: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** The user's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Who the program runs as; `privileged` where the namespaces were made with root's own capabilities. */
  readonly identity: { readonly uid: number; readonly gid: number; readonly privileged: boolean };
}

/** To the relay, after the order. */
export type ToRelay = { readonly signal: NodeJS.Signals };

/** From the relay. */
export type FromRelay =
  /** The namespace could not be made as ordered. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The program asked for a name in Azure's domains that is not served; told once a name. */
  | { readonly kind: 'refused-name'; readonly name: string }
  | { readonly kind: 'ended'; readonly exitCode: number };

const maxMessage = 16 * 1024 * 1024;

/** Sends one message: a line of JSON. */
export function sendMessage(channel: Duplex, message: RelayOrder | ToRelay | FromRelay): void {
  if (channel.writable) channel.write(`${JSON.stringify(message)}\n`);
}

/** Calls back with each message that arrives, as the other end (a program of ours) sent it. */
export function onMessages<Message>(channel: Duplex, receive: (message: Message) => void): void {
  let pending: string[] = [];
  let size = 0;
  channel.setEncoding('utf8');
  channel.on('data', (text: string) => {
    const [first = '', ...lines] = text.split('\n');
    pending.push(first);
    size += first.length;
    if (size > maxMessage) return void channel.destroy();
    for (const line of lines) {
      const message = pending.join('');
      pending = [line];
      size = line.length;
      if (message !== '') receive(JSON.parse(message) as Message);
    }
  });
}
