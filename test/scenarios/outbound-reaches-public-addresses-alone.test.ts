import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OutboundFetcher, type OutboundParts } from '../../src/server/outbound/fetcher.ts';
import { type Handler, type HttpsSite, httpsSite, json } from '../support/https-site.ts';

const here = [{ address: '127.0.0.1', family: 4 as const }];

function fetcher(site: HttpsSite, parts: OutboundParts = {}): OutboundFetcher {
  return new OutboundFetcher({
    allowedHosts: [`issuer.example:${site.port}`],
    resolve: async () => here,
    ...parts,
  });
}

const urlOf = (site: HttpsSite, path = '/keys') => `https://issuer.example:${site.port}${path}`;

describe('requests to addresses that somebody else chose (C8, T13)', () => {
  test('a JSON document is fetched, with nothing of ours sent along', async () => {
    let seen: IncomingMessage | undefined;
    await using site = await httpsSite((request, response) => {
      seen = request;
      json({ keys: [] }, { 'content-type': 'application/jwk-set+json; charset=utf-8' })(request, response);
    });
    const answer = await fetcher(site).fetchJson(urlOf(site, '/keys?a=b'), { ca: site.ca });
    assert.deepEqual(answer, { keys: [] });
    assert.equal(seen?.url, '/keys?a=b');
    assert.equal(seen?.headers.host, `issuer.example:${site.port}`);
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(seen?.headers.cookie, undefined);
    assert.equal(seen?.headers['accept-encoding'], 'identity');
  });

  test('a name is resolved once, and a resolver that answers otherwise the second time changes nothing', async () => {
    await using site = await httpsSite(json({}));
    let asked = 0;
    const rebinding = async () => {
      asked += 1;
      return asked === 1 ? here : [{ address: '169.254.169.254', family: 4 as const }];
    };
    const outbound = fetcher(site, { resolve: rebinding });
    await outbound.fetchJson(urlOf(site), { ca: site.ca });
    assert.equal(asked, 1);
    await assert.rejects(outbound.fetchJson(urlOf(site), { ca: site.ca }), { failure: 'address' });
    assert.equal(site.asked.length, 1);
  });

  test('a name that leads to this machine is not asked unless the administrator allows it', async () => {
    await using site = await httpsSite(json({}));
    const outbound = fetcher(site, { allowedHosts: [] });
    await assert.rejects(outbound.fetchJson(urlOf(site), { ca: site.ca }), { failure: 'address' });
    await assert.rejects(
      outbound.post(`https://localhost:${site.port}/`, '{}', { contentType: 'application/json' }),
      { failure: 'address' },
    );
    assert.deepEqual(site.asked, []);
  });

  test('a site that is named by its address is asked by it, in any spelling', async () => {
    await using site = await httpsSite(json({ a: 1 }));
    const outbound = new OutboundFetcher({
      allowedHosts: [`127.0.0.1:${site.port}`],
      resolve: async () => assert.fail('an address is not resolved'),
    });
    assert.deepEqual(await outbound.fetchJson(`https://127.0.0.1:${site.port}/`, { ca: site.ca }), { a: 1 });
    assert.deepEqual(await outbound.fetchJson(`https://0x7f.1:${site.port}/`, { ca: site.ca }), { a: 1 });
    await assert.rejects(outbound.fetchJson(`https://127.0.0.3:${site.port}/`, { ca: site.ca }), {
      failure: 'address',
    });
  });

  test('a site whose certificate is not of the authorities to trust gets no request', async () => {
    await using site = await httpsSite(json({}));
    await using other = await httpsSite(json({}));
    const outbound = fetcher(site);
    await assert.rejects(outbound.fetchJson(urlOf(site)), {
      failure: 'connection',
      message: /issuer\.example' failed \((SELF_SIGNED|UNABLE)_[A-Z_]+\)$/,
    });
    await assert.rejects(outbound.fetchJson(urlOf(site), { ca: other.ca }), { failure: 'connection' });
    const elsewhere = fetcher(site, { allowedHosts: ['other.example'] });
    await assert.rejects(elsewhere.fetchJson(`https://other.example:${site.port}/`, { ca: site.ca }), {
      failure: 'connection',
    });
    assert.deepEqual(site.asked, []);
  });

  const bad: readonly (readonly [string, string, Handler])[] = [
    [
      'a redirection',
      'redirect',
      (_request, response) => response.writeHead(302, { location: 'https://169.254.169.254/' }).end(),
    ],
    ['an error', 'status', (_request, response) => response.writeHead(500).end('{}')],
    [
      'a page instead of JSON',
      'content',
      (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}'),
    ],
    ['a document without a type', 'content', (_request, response) => response.writeHead(200).end('{}')],
    [
      'a packed document that was not asked for',
      'content',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')));
      },
    ],
    [
      'a document announced as huge',
      'too-large',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10000000000' });
        response.write('{');
      },
    ],
    [
      'a document that does not end',
      'too-large',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        };
        response.on('drain', more);
        more();
      },
    ],
    ['a list', 'content', json([])],
    [
      'a member named twice',
      'content',
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[],"keys":[]}'),
    ],
    ['a connection that breaks', 'connection', (request) => request.destroy()],
  ];
  for (const [what, failure, handler] of bad) {
    test(`${what} is refused`, async () => {
      await using site = await httpsSite(handler);
      await assert.rejects(fetcher(site).fetchJson(urlOf(site), { ca: site.ca }), {
        name: 'OutboundError',
        failure,
      });
      assert.equal(site.asked.length, 1);
    });
  }

  test('who is slow is not waited for: not for an answer, not for its end, not for a name', async () => {
    const over = new AbortController();
    await using site = await httpsSite((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
      over.abort(new Error('the time is over'));
    });
    const slow = fetcher(site, { deadline: () => over.signal });
    await assert.rejects(slow.fetchJson(urlOf(site), { ca: site.ca }), { failure: 'too-slow' });

    const silent = new AbortController();
    site.answer(() => silent.abort());
    const waiting = fetcher(site, { deadline: () => silent.signal });
    await assert.rejects(waiting.fetchJson(urlOf(site), { ca: site.ca }), { failure: 'too-slow' });

    const unresolved = new AbortController();
    const hanging = fetcher(site, {
      deadline: () => unresolved.signal,
      resolve: () => {
        unresolved.abort();
        return new Promise(() => {});
      },
    });
    await assert.rejects(hanging.fetchJson(urlOf(site)), { failure: 'too-slow' });
  });

  test('a name without address is told apart', async () => {
    await using site = await httpsSite(json({}));
    const none = fetcher(site, { resolve: async () => [] });
    await assert.rejects(none.fetchJson(urlOf(site)), { failure: 'unresolvable' });
    const failing = fetcher(site, { resolve: async () => Promise.reject(new Error('ENOTFOUND')) });
    await assert.rejects(failing.fetchJson(urlOf(site)), { failure: 'unresolvable' });
  });

  test('a POST carries what it is given and hands back the answer', async () => {
    const bodies: string[] = [];
    await using site = await httpsSite(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(`${request.headers['content-type']} ${request.headers.authorization} ${body}`);
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"err":"invalid_key"}');
    });
    const answer = await fetcher(site).post(urlOf(site, '/events'), 'é', {
      contentType: 'application/secevent+jwt',
      authorization: 'Bearer of the receiver',
      ca: site.ca,
    });
    assert.deepEqual(answer, {
      status: 400,
      contentType: 'application/json',
      text: '{"err":"invalid_key"}',
    });
    assert.deepEqual(bodies, ['application/secevent+jwt Bearer of the receiver é']);
  });
});
