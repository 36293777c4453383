/** Rows of trust in other issuers, by the rules of `tables.ts`. */
export interface FederationTables {
  federated_credentials: FederatedCredentialsTable;
}

/** Which tokens of another issuer open a client: an application, or a user-assigned identity. */
export interface FederatedCredentialsTable {
  credential_id: string;
  tenant_id: string;
  client_id: string;
  name: string;
  /** Lower case; unique in its client. */
  name_canonical: string;
  issuer: string;
  /** Null where an expression stands in its place. */
  subject: string | null;
  /** A claims matching expression of language version 1, or null. */
  expression: string | null;
  audience: string;
  description: string | null;
  /** JSON: `keys`, `certificateAuthorities`; null where the issuer's keys are fetched as anybody would. */
  trust: string | null;
  /** SHA-256 over issuer and subject or expression, base64url; unique in its client. */
  match_hash: string;
  created_at: number;
}
