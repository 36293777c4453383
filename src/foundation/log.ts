/** What a log line may carry beside its message: names and numbers chosen by the caller, never a request body or a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The shape every part logs through; pino satisfies it. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
