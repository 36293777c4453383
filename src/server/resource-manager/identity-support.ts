/** Which identities a resource type may carry, and how it writes them (`spec/resource-manager.md` b.2, f). */
export interface IdentitySupport {
  readonly systemAssigned: boolean;
  readonly userAssigned: boolean;
  /** The type's own word for a resource with both kinds; absent where one excludes the other. */
  readonly combined?: string;
  /** Writes the names of kinds with a small first letter. */
  readonly smallFirst?: true;
  /** How many user-assigned identities one resource may have, where Azure's type says so. */
  readonly maximum?: number;
  /** Shows the ids of identities with `resourceGroups`, however they were sent. */
  readonly respellsGroups?: true;
  /** Shows the tenant also where a resource has no identity of its own. */
  readonly showsTenant?: true;
  /** Says `None` of a resource without identities, where others say nothing. */
  readonly showsNone?: true;
}

/** The kinds of identity that a resource has or shall have. */
export interface IdentityKinds {
  readonly systemAssigned: boolean;
  readonly userAssigned: boolean;
}

/** Any case, with or without space after the comma; two types run the words together. */
const kindsByName: ReadonlyMap<string, IdentityKinds> = new Map([
  ['none', { systemAssigned: false, userAssigned: false }],
  ['systemassigned', { systemAssigned: true, userAssigned: false }],
  ['userassigned', { systemAssigned: false, userAssigned: true }],
  ['systemassigned,userassigned', { systemAssigned: true, userAssigned: true }],
  ['userassigned,systemassigned', { systemAssigned: true, userAssigned: true }],
  ['systemassigneduserassigned', { systemAssigned: true, userAssigned: true }],
  ['systemanduserassigned', { systemAssigned: true, userAssigned: true }],
]);

/** What an `identity.type` means, in any spelling; `undefined` for what means nothing. */
export function identityKinds(type: string): IdentityKinds | undefined {
  return kindsByName.get(type.toLowerCase().replaceAll(' ', ''));
}

/** Whether resources of the type may have these kinds together. */
export function isSupported(
  { systemAssigned, userAssigned }: IdentityKinds,
  support: IdentitySupport | undefined,
): boolean {
  if (systemAssigned && support?.systemAssigned !== true) return false;
  if (userAssigned && support?.userAssigned !== true) return false;
  return !systemAssigned || !userAssigned || support?.combined !== undefined;
}

/** The type's own spelling of these kinds; `undefined` for none, which answers do not show. */
export function identityTypeOf(
  { systemAssigned, userAssigned }: IdentityKinds,
  support: IdentitySupport | undefined,
): string | undefined {
  if (!systemAssigned && !userAssigned) return undefined;
  const single = systemAssigned ? 'SystemAssigned' : 'UserAssigned';
  const name = systemAssigned && userAssigned ? support?.combined : single;
  return support?.smallFirst === true ? name?.replace(/\b[SU]/g, (letter) => letter.toLowerCase()) : name;
}

/** Every `identity.type` that resources of the type accept, as errors list them. */
export function acceptedTypes(support: IdentitySupport | undefined): readonly string[] {
  return [
    ...(support?.systemAssigned === true ? ['SystemAssigned'] : []),
    ...(support?.userAssigned === true ? ['UserAssigned'] : []),
    ...(support?.combined === undefined ? [] : [support.combined]),
    'None',
  ];
}
