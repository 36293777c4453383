import assert from 'node:assert/strict';

/** A page as a browser without scripts has it. */
export interface BrowserPage {
  readonly status: number;
  /** Path and query that it was at. */
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
  /** Where it leads outside of the server; the browser has not gone there. */
  readonly leftFor: URL | undefined;
  readonly title: string;
}

/** What a browser sends, and what comes back. */
export interface BrowserRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
export type BrowserTransport = (
  request: BrowserRequest,
) => Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }>;

/** A browser without scripts: cookies, redirects within one origin, forms. */
export class TestBrowser {
  readonly #host: string;
  readonly #send: BrowserTransport;
  readonly cookies = new Map<string, string>();

  /** @param origin where the server listens without TLS, or the host that `send` reaches */
  constructor(origin: string, send: BrowserTransport = plain(origin)) {
    this.#host = origin.replace(/^https?:\/\//, '');
    this.#send = send;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<BrowserPage> {
    return await this.#go({ method: 'GET', path, headers });
  }

  /**
   * Sends the form of a page, with its hidden fields.
   *
   * @param press name and value of the button
   */
  async submit(
    page: BrowserPage,
    fields: Record<string, string> = {},
    options: { readonly headers?: Record<string, string>; readonly press?: readonly [string, string] } = {},
  ): Promise<BrowserPage> {
    const { action, fields: body } = formOf(page);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    if (options.press !== undefined) body.set(...(options.press as [string, string]));
    return await this.post(action, body.toString(), options.headers);
  }

  async post(path: string, body: string, headers: Record<string, string> = {}): Promise<BrowserPage> {
    return await this.#go({
      method: 'POST',
      path,
      body,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Origin: `https://${this.#host}`,
        ...headers,
      },
    });
  }

  /** The address of a link by its text. */
  link(page: BrowserPage, text: string): string {
    for (const [, href, inside] of page.text.matchAll(/<a[^>]* href="([^"]*)"[^>]*>(.*?)<\/a>/gs)) {
      if (inside?.includes(text)) return unescaped(href as string);
    }
    throw new Error(`no link '${text}' on: ${page.text}`);
  }

  async #go(asked: BrowserRequest): Promise<BrowserPage> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...asked.headers, ...(cookie === '' ? {} : { Cookie: cookie }) };
    const response = await this.#send({ ...asked, headers });
    for (const line of response.headers.getSetCookie()) {
      assert.match(
        line,
        /^__Host-[a-z-]+=[A-Za-z0-9_-]*; Path=\/; Secure; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/,
      );
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string];
      if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location?.startsWith('/')) return await this.#go({ method: 'GET', path: location, headers: {} });
    const { text } = response;
    return {
      status: response.status,
      url: asked.path,
      headers: response.headers,
      text,
      leftFor: location === null ? undefined : new URL(location),
      title: /<title>(.*?) - Innate<\/title>/.exec(text)?.[1] ?? '',
    };
  }
}

function plain(origin: string): BrowserTransport {
  return async ({ path, ...init }) => {
    const response = await fetch(`${origin}${path}`, { ...init, redirect: 'manual' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** The form of a page: where it goes, and its hidden fields. */
export function formOf(page: BrowserPage): { readonly action: string; readonly fields: URLSearchParams } {
  const form = /<form method="post" action="([^"]*)">(.*?)<\/form>/s.exec(page.text);
  assert.ok(form, `no form on: ${page.text}`);
  const hidden = [...(form[2] as string).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  const fields = hidden.map(([, name, value]) => [name as string, unescaped(value as string)]);
  return { action: unescaped(form[1] as string), fields: new URLSearchParams(fields) };
}
