import type { TokenRejected } from './bearer.ts';

/**
 * The challenge that clients of continuous access evaluation act on (`spec/token-service-and-directory.md` g.1): what
 * `claims` holds goes to the token endpoint as it is, and the token that comes back is `renewFrom` or younger. Each
 * value is quoted and free of spaces: some clients split the header at spaces, some at commas.
 *
 * @param authority where to ask, `https://<login>/<tenant>/oauth2/authorize`
 * @param clientId the resource's, for surfaces whose challenges name it
 * @returns `undefined` where no new token would help
 */
export function claimsChallenge(
  { renewFrom }: Pick<TokenRejected, 'renewFrom'>,
  authority: string,
  clientId?: string,
): string | undefined {
  if (renewFrom === undefined) return undefined;
  const claims = { access_token: { nbf: { essential: true, value: String(renewFrom) } } };
  const encoded = Buffer.from(JSON.stringify(claims), 'utf8').toString('base64');
  const resource = clientId === undefined ? '' : ` client_id="${clientId}",`;
  return `Bearer realm="", authorization_uri="${authority}",${resource} error="insufficient_claims", claims="${encoded}"`;
}
