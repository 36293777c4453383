import type { AadstsEntry } from './aadsts-entry.ts';

/** What every text about the parts of a presented token ends with. */
const advice =
  "Check the federated identity credential's subject, audience and issuer against the presented assertion: each must be the same, letter for letter.";

/** Refusals of tokens of other issuers (`spec/token-service-and-directory.md` b.4). */
export const aadstsOfFederation = {
  501661: {
    kind: 'invalid-value',
    error: 'invalid_request',
    status: 400,
    text: 'Request to External OIDC endpoint failed.',
  },
  700211: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: `No matching federated identity record found for presented assertion issuer '{issuer}'. ${advice}`,
  },
  700212: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: `No matching federated identity record found for presented assertion audience '{audience}'. ${advice}`,
  },
  700213: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: `No matching federated identity record found for presented assertion subject '{subject}'. ${advice}`,
  },
  700214: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: "The audience of the federated identity credential must be '{expected}', not the application id of the exchange.",
  },
  700222: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'Tokens issued here are accepted as federated identity only where they are about a user-assigned managed identity of the same tenant, from the v2.0 issuer.',
  },
  700229: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'Only app-only tokens can be used as federated identity.',
  },
  700231: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'A token that was obtained through a federated identity credential cannot be used as one.',
  },
  700263: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: 'More than one federated identity credential matches the presented assertion.',
  },
  7002137: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: `No matching federated identity record found for presented assertion subject '{subject}'. For a managed identity, the subject is the object id of its service principal. ${advice}`,
  },
  7002138: {
    kind: 'credential-rejected',
    error: 'invalid_client',
    status: 401,
    text: `No matching federated identity record found for presented assertion subject '{subject}'. A federated identity record has this subject in another case, and matching is case-sensitive. ${advice}`,
  },
} as const satisfies Record<number, AadstsEntry>;
