import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

const program = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .flatMap((folder) => names.map((name) => path.join(folder, name)))
  .find((file) => existsSync(file));

/** Why the tests in a real browser do not run; false where they do. */
export const noChromium: string | false =
  program === undefined ? 'there is no Chromium on this machine' : false;

/** One page of a real browser, spoken to in the DevTools protocol. */
export interface ChromiumPage extends AsyncDisposable {
  /** Goes to an address, and waits until the page is there. */
  open(url: string): Promise<void>;
  /** What an expression is in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Runs what leads to another page, and waits until that is there. */
  follow(expression: string): Promise<void>;
  /** What the browser itself found wrong: blocked by a policy, refused cookies, errors of scripts. */
  readonly complaints: readonly string[];
  /** PNG. */
  screenshot(): Promise<Buffer>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/**
 * Starts a browser with a profile of its own.
 *
 * @param proxy `http://127.0.0.1:PORT` that every request goes by
 * @param caFile PEM of the authority whose certificates it takes
 */
export async function startChromium(proxy: string, caFile: string): Promise<ChromiumPage> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'innate-chromium-'));
  const authority = new X509Certificate(readFileSync(caFile));
  const spki = createHash('sha256')
    .update(authority.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
  const flags = [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ...['--remote-debugging-pipe', `--user-data-dir=${folder}`, `--proxy-server=${proxy}`],
    `--ignore-certificate-errors-spki-list=${spki}`,
  ];
  const child = spawn(program ?? '', [...flags, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const protocol = speak(child);
  const complaints: string[] = [];
  protocol.on('Log.entryAdded', ({ entry }) => {
    const { text, level } = entry as { text: string; level: string };
    if (level === 'error' || level === 'warning') complaints.push(text);
  });
  protocol.on('Runtime.exceptionThrown', (params) => complaints.push(JSON.stringify(params)));

  const { targetInfos } = await protocol.ask('Target.getTargets');
  const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
  const { sessionId } = await protocol.ask('Target.attachToTarget', {
    targetId: page?.targetId,
    flatten: true,
  });
  const ask = (method: string, params: object = {}) => protocol.ask(method, params, String(sessionId));
  for (const domain of ['Page', 'Runtime', 'Log']) await ask(`${domain}.enable`);

  async function evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await ask('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  return {
    complaints,
    evaluate,
    async open(url) {
      const loaded = protocol.once('Page.loadEventFired');
      const { errorText } = await ask('Page.navigate', { url });
      if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
      await loaded;
    },
    async follow(expression) {
      const loaded = protocol.once('Page.loadEventFired');
      await evaluate(expression);
      await loaded;
    },
    async screenshot() {
      const { data } = await ask('Page.captureScreenshot');
      return Buffer.from(String(data), 'base64');
    },
    async [Symbol.asyncDispose]() {
      await protocol.ask('Browser.close').catch(() => undefined);
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The DevTools protocol over the pipes of a browser: JSON, each message ended by a zero octet. */
function speak(child: ChildProcess) {
  const to = child.stdio[3] as Writable;
  const from = child.stdio[4] as Readable;
  const waiting = new Map<
    number,
    { resolve(value: Record<string, unknown>): void; reject(error: Error): void }
  >();
  const listeners = new Map<string, ((params: Record<string, unknown>) => void)[]>();
  let last = 0;
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const parts = (rest + text).split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) receive(JSON.parse(part) as Message);
  });
  child.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser ended'));
  });

  function receive({ id, method, params = {}, result = {}, error }: Message): void {
    if (id !== undefined) {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new Error(error.message));
    }
    for (const listener of listeners.get(method ?? '') ?? []) listener(params);
  }

  function on(method: string, listener: (params: Record<string, unknown>) => void): void {
    listeners.set(method, [...(listeners.get(method) ?? []), listener]);
  }

  return {
    on,
    ask(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
      last += 1;
      const id = last;
      to.write(
        `${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
      );
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    once(method: string): Promise<void> {
      return new Promise((resolve) => {
        const listener = () => {
          listeners.set(
            method,
            (listeners.get(method) ?? []).filter((one) => one !== listener),
          );
          resolve();
        };
        on(method, listener);
      });
    },
  };
}
