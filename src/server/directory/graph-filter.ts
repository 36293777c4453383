import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, parseGuid } from '../../foundation/ids.ts';
import type { PrincipalQuery } from './directory-store.ts';

/** What a `$filter` selects: a query, or nothing at all (a name that no principal can have). */
export type PrincipalFilter = Pick<PrincipalQuery, 'clientId' | 'displayName' | 'principalType'> | 'nothing';

const maxLength = 1024;
/** OData string literal; a quotation mark in it is doubled. */
const literal = "'((?:[^']|'')*)'";
const forms = {
  appId: new RegExp(`^appId\\s+eq\\s+${literal}$`, 'i'),
  servicePrincipalName: new RegExp(
    `^servicePrincipalNames/any\\(\\s*(\\w+)\\s*:\\s*\\1\\s+eq\\s+${literal}\\s*\\)$`,
    'i',
  ),
  displayName: new RegExp(`^displayName\\s+eq\\s+${literal}$`, 'i'),
  servicePrincipalType: new RegExp(`^servicePrincipalType\\s+eq\\s+${literal}$`, 'i'),
};

/**
 * Reads a `$filter` over service principals (`spec/token-service-and-directory.md` h.2): one comparison of `appId`,
 * `servicePrincipalNames/any`, `displayName` or `servicePrincipalType`.
 *
 * @throws DomainError `unsupported` for any other
 */
export function parsePrincipalFilter(filter: string | undefined): PrincipalFilter {
  if (filter === undefined) return {};
  const text = filter.trim();
  if (text.length <= maxLength) {
    const appId = forms.appId.exec(text)?.[1] ?? forms.servicePrincipalName.exec(text)?.[2];
    if (appId !== undefined) return ofClient(unquoted(appId));
    const displayName = forms.displayName.exec(text)?.[1];
    if (displayName !== undefined) return { displayName: unquoted(displayName) };
    const type = forms.servicePrincipalType.exec(text)?.[1];
    if (type !== undefined) return ofType(unquoted(type));
  }
  throw new DomainError('unsupported', 'Unsupported or invalid query filter clause specified.');
}

/** A principal's names are its application id alone, also written `api://…`. */
function ofClient(name: string): PrincipalFilter {
  const clientId = parseGuid<ClientId>(name.replace(/^api:\/\//i, ''));
  return clientId === undefined ? 'nothing' : { clientId };
}

function ofType(type: string): PrincipalFilter {
  if (type === 'ManagedIdentity' || type === 'Application') return { principalType: type };
  return 'nothing';
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'");
}
