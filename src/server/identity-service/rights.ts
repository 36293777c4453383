/**
 * What a resource provider may do at a resource. They are rights on data: no role that manages resources has them, the
 * owner's neither.
 */
export const identityRights = {
  credentials: 'Innate.ManagedIdentity/identities/credentials/action',
  delete: 'Innate.ManagedIdentity/identities/delete',
  move: 'Innate.ManagedIdentity/identities/move/action',
} as const;
