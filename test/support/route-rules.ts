import type { surfaceHosts } from './composed-server.ts';

export type SurfaceName = keyof typeof surfaceHosts;

/**
 * Every route of a real server, by who is answered there. What the framework has and this does not, or the other way
 * round, fails the first test: a new route is written down here before it is served (T2, T3).
 */
export const routesByRule: Readonly<
  Record<string, Readonly<Partial<Record<SurfaceName, readonly string[]>>>>
> = {
  /** Whoever asks: what clients read before they have anything to show, and where people begin. The whole list. */
  anyone: {
    login: [
      'GET /:tenant/.well-known/openid-configuration',
      'GET /:tenant/v2.0/.well-known/openid-configuration',
      'GET /:tenant/discovery/keys',
      'GET /:tenant/discovery/v2.0/keys',
      'GET /:tenant/discovery/instance',
      'GET /:tenant/userrealm/:user',
      'GET /error',
      'GET /.well-known/ssf-configuration/:tenant/v2.0',
      'GET /:tenant/v2.0/.well-known/ssf-configuration',
      'POST /:tenant/oauth2/devicecode',
      'POST /:tenant/oauth2/v2.0/devicecode',
      'GET /:tenant/oauth2/authorize',
      'POST /:tenant/oauth2/authorize',
      'GET /:tenant/oauth2/v2.0/authorize',
      'POST /:tenant/oauth2/v2.0/authorize',
      'GET /:tenant/oauth2/logout',
      'POST /:tenant/oauth2/logout',
      'GET /:tenant/oauth2/v2.0/logout',
      'POST /:tenant/oauth2/v2.0/logout',
      'GET /common/oauth2/nativeclient',
      'GET /sign-in',
      'GET /sign-in/upstream/:name',
      'GET /sign-in/upstream/:name/callback',
      'GET /device',
    ],
  },
  /** Nobody: the method is refused in the token service's own words, or a browser is told who may ask. */
  nobody: {
    login: [
      ...['oauth2/token', 'oauth2/v2.0/token'].map((path) => `OPTIONS /:tenant/${path}`),
      ...['oauth2/token', 'oauth2/v2.0/token', 'oauth2/v2.0/revoke', 'oauth2/v2.0/introspect'].flatMap(
        refused,
      ),
    ],
    'certificate-login': ['oauth2/v2.0/token', 'oauth2/v2.0/revoke', 'oauth2/v2.0/introspect'].flatMap(
      refused,
    ),
  },
  /** A client that proves itself in the form, in `Basic` or with its certificate. */
  client: {
    login: [
      'POST /:tenant/oauth2/token',
      'POST /:tenant/oauth2/v2.0/token',
      'POST /:tenant/oauth2/v2.0/revoke',
      'POST /:tenant/oauth2/v2.0/introspect',
    ],
    'certificate-login': [
      'POST /:tenant/oauth2/v2.0/token',
      'POST /:tenant/oauth2/v2.0/revoke',
      'POST /:tenant/oauth2/v2.0/introspect',
    ],
  },
  /** A form that our own page sent from the browser that it was shown in (C14). */
  page: {
    login: [
      'POST /sign-in/password',
      'POST /sign-in/new-password',
      'POST /sign-in/consent',
      'POST /device',
      'GET /device/confirm',
      'POST /device/confirm',
    ],
  },
  /** A machine, by the proof that its key makes of each request. */
  machine: {
    agents: ['POST /enrol', 'POST /machines/:machineId/credentials', 'GET /machines/:machineId/identities'],
  },
  /** A resource provider: an access token, over a connection with a certificate of its application. */
  provider: {
    identity: ['GET /*', 'POST /*', 'DELETE /*'],
  },
  /** An access token of the surface's audience. */
  token: {
    login: [
      'GET /:tenant/openid/userinfo',
      'POST /:tenant/openid/userinfo',
      ...['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].map((method) => `${method} /:tenant/ssf/streams`),
      'GET /:tenant/ssf/status',
      'POST /:tenant/ssf/status',
      'POST /:tenant/ssf/subjects/add',
      'POST /:tenant/ssf/subjects/remove',
      'POST /:tenant/ssf/verify',
      'POST /:tenant/ssf/poll/:stream',
    ],
    graph: [
      'GET /oidc/userinfo',
      'POST /oidc/userinfo',
      ...['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].map((method) => `${method} /*`),
    ],
    management: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'].map((method) => `${method} /*`),
    vault: [
      ...['PUT', 'GET', 'PATCH', 'DELETE'].flatMap((method) => [
        `${method} /secrets/:name`,
        `${method} /secrets/:name/`,
      ]),
      'GET /secrets/:name/:version',
      'PATCH /secrets/:name/:version',
      'GET /secrets',
      'GET /secrets/',
      'GET /secrets/:name/versions',
      'GET /deletedsecrets',
      'GET /deletedsecrets/',
      ...['GET', 'DELETE'].flatMap((method) => [
        `${method} /deletedsecrets/:name`,
        `${method} /deletedsecrets/:name/`,
      ]),
      'POST /deletedsecrets/:name/recover',
    ],
  },
};

function refused(path: string): readonly string[] {
  return ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /:tenant/${path}`);
}
