import type { Generated } from 'kysely';

/** Rows of the records of who did what, by the rules of `tables.ts`. */
export interface AuditTables {
  sign_ins: SignInsTable;
  spent_assertions: SpentAssertionsTable;
  directory_audits: DirectoryAuditsTable;
}

/** Each token issued or refused; written before the answer leaves. */
export interface SignInsTable {
  /** Orders the rows. */
  sequence: Generated<number>;
  /** GUID of the exchange; the token's `uti` is the same in other spelling. */
  sign_in_id: string;
  tenant_id: string;
  at: number;
  /** `managedIdentity`, `servicePrincipal`, `interactiveUser` or `nonInteractiveUser` */
  kind: string;
  /** Object id of the principal or user; null where nobody was found. */
  account_id: string | null;
  client_id: string | null;
  resource_app_id: string | null;
  correlation_id: string;
  /** The number behind `AADSTS`; 0 where a token was issued. */
  error_code: number;
  /** JSON of what nobody filters by. */
  details: string;
}

/** Client assertions that are good once, for as long as they would hold. */
export interface SpentAssertionsTable {
  expires_at: number;
  tenant_id: string;
  client_id: string;
  jti: string;
}

/** Each change of the directory; written in the transaction of the change. */
export interface DirectoryAuditsTable {
  /** Orders the rows. */
  sequence: Generated<number>;
  tenant_id: string;
  at: number;
  /** What was done, in Graph's words: `Add service principal`. */
  activity: string;
  category: string;
  /** Null where no request of the directory's caused it. */
  correlation_id: string | null;
  /** Who did it: a person, */
  user_id: string | null;
  /** or an application, by client id and object id; all null where the deployment did it by itself. */
  app_id: string | null;
  principal_id: string | null;
  /** Object ids of what was changed, with spaces between. */
  target_ids: string;
  /** JSON of what nobody filters by. */
  details: string;
}
