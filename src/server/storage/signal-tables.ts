/** Rows of revoked tokens and of shared signals, by the rules of `tables.ts`. */
export interface SignalTables {
  revoked_tokens: RevokedTokensTable;
  signal_streams: SignalStreamsTable;
  signal_exclusions: SignalExclusionsTable;
  signal_subjects: SignalSubjectsTable;
  signal_deliveries: SignalDeliveriesTable;
}

/** Access tokens that are refused before their end. */
export interface RevokedTokensTable {
  tenant_id: string;
  /** `uti` */
  token_id: string;
  /** Its first character: what is kept in memory together. */
  bucket: string;
  expires_at: number;
}

/** Receivers of security events. */
export interface SignalStreamsTable {
  stream_id: string;
  tenant_id: string;
  /** The application that made the stream, and alone may see it. */
  client_id: string;
  /** `push` or `poll` */
  method: string;
  /** Where events are pushed to; null for poll. */
  endpoint: string | null;
  /** The receiver's own `Authorization` header. */
  authorization_sealed: Uint8Array | null;
  /** JSON: URIs of event types that are delivered. */
  events: string;
  description: string | null;
  /** `enabled`, `paused` or `disabled` */
  status: string;
  status_reason: string | null;
  /** When the receiver last asked for a verification event. */
  verified_at: number;
  created_at: number;
}

/** Subjects that a stream does not want to hear of; it hears of all others of its tenant. */
export interface SignalExclusionsTable {
  stream_id: string;
  tenant_id: string;
  subject_id: string;
}

/** What receivers know of a subject: events are what is different now. */
export interface SignalSubjectsTable {
  tenant_id: string;
  /** Object id of a principal or a user, or the tenant's own id for its keys. */
  subject_id: string;
  /** JSON of `SubjectFacts`. */
  facts: string;
}

/** Events not yet acknowledged. */
export interface SignalDeliveriesTable {
  jti: string;
  stream_id: string;
  tenant_id: string;
  /** JSON: `sub_id`, `events`, `txn` of the event token. */
  claims: string;
  created_at: number;
  attempts: number;
  /** Not pushed before; whoever pushes moves it on first, so that one replica does. */
  due_at: number;
}
