/** Rows of people's sign-in, by the rules of `tables.ts`. What people and clients show is kept as SHA-256, base64url. */
export interface PeopleTables {
  user_passwords: UserPasswordsTable;
  sign_in_failures: SignInFailuresTable;
  sign_in_sessions: SignInSessionsTable;
  authorization_codes: AuthorizationCodesTable;
  device_codes: DeviceCodesTable;
  refresh_tokens: RefreshTokensTable;
  upstream_accounts: UpstreamAccountsTable;
}

export interface UserPasswordsTable {
  user_id: string;
  tenant_id: string;
  /** PHC string: algorithm, parameters, salt and hash. */
  hash: string;
  /** 1 where the next sign-in has to choose another. */
  must_change: number;
  changed_at: number;
}

/** Wrong passwords of late, by the name and by the address they were tried from. */
export interface SignInFailuresTable {
  tenant_id: string;
  /** `name:` with the digest of the name, or `address:` with the address. */
  subject: string;
  count: number;
  last_at: number;
}

/** Browsers that have a person signed in. */
export interface SignInSessionsTable {
  session_hash: string;
  tenant_id: string;
  user_id: string;
  /** JSON array: how the person signed in (`amr`). */
  methods: string;
  signed_in_at: number;
  last_used_at: number;
  expires_at: number;
}

export interface AuthorizationCodesTable {
  code_hash: string;
  tenant_id: string;
  client_id: string;
  user_id: string;
  /** JSON: what the code was given out for. */
  request: string;
  /** The refresh tokens that descend from it. */
  family_id: string;
  expires_at: number;
  /** Null until the one redemption. */
  redeemed_at: number | null;
}

export interface DeviceCodesTable {
  device_hash: string;
  /** Digest of the code that the person types. */
  user_code_hash: string;
  /** Null while the person has not said who they are, where the device named no tenant. */
  tenant_id: string | null;
  client_id: string;
  /** JSON: what the device asked for, and from where. */
  request: string;
  /** `pending`, `approved`, `declined`, `redeemed` */
  status: string;
  user_id: string | null;
  /** JSON array or null. */
  methods: string | null;
  signed_in_at: number | null;
  expires_at: number;
}

/** Each row one refresh token; those that descend from one sign-in at one client are a family. */
export interface RefreshTokensTable {
  token_hash: string;
  family_id: string;
  tenant_id: string;
  user_id: string;
  client_id: string;
  /** JSON: how the person signed in, and what binds the token. */
  facts: string;
  issued_at: number;
  expires_at: number;
  /** Null while the token is the newest of its line. */
  replaced_at: number | null;
}

/** Which account of an upstream provider is which person. */
export interface UpstreamAccountsTable {
  tenant_id: string;
  issuer: string;
  subject: string;
  user_id: string;
  linked_at: number;
}
