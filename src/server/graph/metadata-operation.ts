import { graphPermissions } from '../directory/graph-app-roles.ts';
import type { GraphOperation, ReadOperation } from './operation.ts';

const entityTypes: Readonly<Record<string, string>> = {
  applications: 'application',
  auditLogs: 'auditLogRoot',
  directoryObjects: 'directoryObject',
  directoryRoles: 'directoryRole',
  directoryRoleTemplates: 'directoryRoleTemplate',
  domains: 'domain',
  groups: 'group',
  oauth2PermissionGrants: 'oAuth2PermissionGrant',
  organization: 'organization',
  servicePrincipals: 'servicePrincipal',
  users: 'user',
};

/**
 * Which entity sets there are (OData CSDL 4.0): those that an operation begins with, each of an open type, since the shapes
 * of their objects are Graph's own.
 */
export function metadataOperation(operations: readonly GraphOperation[]): ReadOperation {
  const begun = new Set(operations.map(({ path }) => path.split('/', 1)[0] ?? ''));
  const sets = Object.entries(entityTypes).filter(([name]) => begun.has(name));
  const types = sets.map(
    ([, type]) =>
      `<EntityType Name="${type}" OpenType="true"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.String" Nullable="false"/></EntityType>`,
  );
  const text = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">',
    '<edmx:DataServices><Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ...types,
    '<EntityContainer Name="GraphService">',
    ...sets.map(([name, type]) => `<EntitySet Name="${name}" EntityType="microsoft.graph.${type}"/>`),
    '</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>',
  ].join('');
  return {
    method: 'GET',
    path: '$metadata',
    permissions: graphPermissions,
    run: async () => ({ kind: 'text', text, contentType: 'application/xml' }),
  };
}
