/** Where a person goes on after a step of the sign-in: a path of this server, never another site. */
export interface ContinueUrl {
  /** Path and query. */
  readonly href: string;
  readonly url: URL;
}

const here = 'https://login.invalid';
const longest = 8192;
const allowed = /^\/(?:[^/]+\/oauth2(?:\/v2\.0)?\/authorize|device\/confirm)$/i;

/** @returns `undefined` for anything but the address of an authorisation request or of a device's confirmation */
export function parseContinue(text: string | undefined): ContinueUrl | undefined {
  if (text === undefined || text.length > longest || !/^\/[^/\\]/.test(text)) return undefined;
  if (!URL.canParse(text, here)) return undefined;
  const url = new URL(text, here);
  if (url.origin !== here || url.hash !== '' || !allowed.test(url.pathname)) return undefined;
  // a tenant that cannot be read names none
  if (decoded(url.pathname) === undefined) return undefined;
  return { href: `${url.pathname}${url.search}`, url };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The same, without the wish to be asked, or for whom: the person was, and said who they are. */
export function onceAsked({ url }: ContinueUrl): string {
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !/^(prompt|login_hint)(=|$)/i.test(pair));
  return kept.length === 0 ? url.pathname : `${url.pathname}?${kept.join('&')}`;
}

/** The tenant's segment of an authorisation request's path; `undefined` for a device's confirmation. */
export function tenantSegmentOf({ url }: ContinueUrl): string | undefined {
  const [, tenant, next] = url.pathname.split('/');
  return next?.toLowerCase() === 'oauth2' ? decodeURIComponent(tenant ?? '') : undefined;
}

/** The redirect of an authorisation request, unproven: good for naming where a form may lead, for nothing else. */
export function claimedRedirectOf({ url }: ContinueUrl): string {
  return url.searchParams.get('redirect_uri') ?? '';
}
