import type { GraphPermission } from '../../directory/graph-app-roles.ts';

/** Whoever may read people. */
export const readsUsers: readonly GraphPermission[] = [
  'User.Read.All',
  'User.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];

/** Whoever may write what people are called and where they sit. */
export const changesUsers: readonly GraphPermission[] = ['User.ReadWrite.All', 'Directory.ReadWrite.All'];

/** Whoever may decide whether people sign in and how. */
export const governsUsers: readonly GraphPermission[] = ['User.ReadWrite.All'];

/** Scopes by which an application sees the person that it acts for. */
export const seesSelf = ['User.Read', 'User.ReadBasic.All', 'User.ReadWrite', ...readsUsers] as const;
