import { type ClientId, guid } from '../../foundation/ids.ts';
import { graphAppId } from '../http/dialects/graph.ts';

/** A public client that every tenant knows without a row of its own: the tools people administer with (c.6). */
export interface FirstPartyClient {
  readonly clientId: ClientId;
  readonly displayName: string;
  /** Exact, but for the port of a loopback address. */
  readonly redirectUris: readonly string[];
}

const loopback = ['http://localhost', 'http://localhost/', 'http://127.0.0.1', 'http://127.0.0.1/'];

const clients: ReadonlyMap<ClientId, FirstPartyClient> = new Map(
  (
    [
      ['04b07795-8ddb-461a-bbee-02f9e1bf7b46', 'Azure CLI'],
      ['1950a258-227b-4e31-a9cf-717495945fc2', 'Azure PowerShell'],
      ['14d82eec-204b-4c2f-b7e8-296a70dab67e', 'Microsoft Graph Command Line Tools'],
      ['aebc6443-996d-45c2-90f0-388ff96faa56', 'Visual Studio Code'],
    ] as const
  ).map(([id, displayName]) => {
    const clientId = guid<ClientId>(id);
    return [clientId, { clientId, displayName, redirectUris: loopback }];
  }),
);

export function firstPartyClient(clientId: ClientId): FirstPartyClient | undefined {
  return clients.get(clientId);
}

/**
 * What these clients may do as a person at a resource that every tenant knows. It is no more than the person may: at
 * Graph the directory's own roles decide, elsewhere role assignments.
 */
export function firstPartyScopes(appId: string): readonly string[] {
  return appId === graphAppId ? graphScopes : ['user_impersonation'];
}

const graphScopes = [
  'Application.ReadWrite.All',
  'AppRoleAssignment.ReadWrite.All',
  'AuditLog.Read.All',
  'DelegatedPermissionGrant.ReadWrite.All',
  'Directory.AccessAsUser.All',
  'Directory.ReadWrite.All',
  'Group.ReadWrite.All',
  'User.Read',
  'User.ReadWrite.All',
];
