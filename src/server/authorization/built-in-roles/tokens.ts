import type { BuiltInRole } from '../built-in-role.ts';

/** Roles of ours, for what Azure has no role for; at `/` they mean the tenant's tokens. */
export const tokenRoles: readonly BuiltInRole[] = [
  {
    id: '9e2d07ab-d4a1-4769-9499-75c7d0868c40',
    name: 'Innate Token Revoker',
    description: 'Ends the tokens of any principal or person, and changes nothing else of them.',
    permissions: [{ actions: ['Innate.Tokens/revokeTokens/action'] }],
  },
  {
    id: '30e80522-338b-4b85-a668-ed58ee39f5c3',
    name: 'Innate Token Introspector',
    description: 'Asks what any token of the tenant says, and whether it holds.',
    permissions: [{ actions: ['Innate.Tokens/introspect/action'] }],
  },
  {
    id: 'a87b06fa-9fdd-4ef0-ac4d-0df3022d3469',
    name: 'Innate Security Event Receiver',
    description: 'Hears what happens to the principals, people and signing keys of the tenant.',
    permissions: [{ actions: ['Innate.SharedSignals/streams/write'] }],
  },
  {
    id: '5c0a7e1d-2b84-4f6e-8d39-71c6b0a9f254',
    name: 'Innate Resource Provider',
    description:
      'Gets credentials of the identities that resources carry, and ends identities of resources that are gone.',
    permissions: [{ dataActions: ['Innate.ManagedIdentity/identities/*'] }],
  },
];
