/** Where a command speaks: results on standard output, everything else on standard error. */
export interface Output {
  /** A result, for people and pipes. */
  result(text: string): void;
  /** What is going on, or is to be minded. */
  note(text: string): void;
  /** Why the command fails. */
  error(text: string): void;
}

/** Output to this process's own streams; a reader that goes away ends nothing. */
export function standardOutput(): Output {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    result: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`innate: ${printable(text)}\n`),
    error: (text) => void process.stderr.write(`innate: ${printable(text)}\n`),
  };
}

/** Names and answers from elsewhere must not move the cursor or colour the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '?');
}
