/** An answer that has not the promised shape: a server of another version, or something else on its address. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

/** Reads members of one JSON object by type; what does not fit is an `UnexpectedAnswer` naming the member. */
export class JsonReader {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new UnexpectedAnswer(`${place} is not an object`);
    }
    this.#members = value as Record<string, unknown>;
    this.#place = place;
  }

  /** @throws UnexpectedAnswer where the text is no JSON object */
  static parse(text: string, place: string): JsonReader {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new UnexpectedAnswer(`${place} is not JSON`);
    }
    return new JsonReader(value, place);
  }

  string(name: string): string {
    const value = this.#members[name];
    return typeof value === 'string' ? value : this.#unfit(name, 'a string');
  }

  optionalString(name: string): string | null {
    const value = this.#members[name];
    return value === undefined || value === null ? null : this.string(name);
  }

  number(name: string): number {
    const value = this.#members[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : this.#unfit(name, 'a number');
  }

  object(name: string): JsonReader {
    return new JsonReader(this.#members[name], `${this.#place}.${name}`);
  }

  optionalObject(name: string): JsonReader | undefined {
    const value = this.#members[name];
    return value === undefined || value === null ? undefined : this.object(name);
  }

  list<T>(name: string, read: (item: JsonReader) => T): T[] {
    const value = this.#members[name];
    if (!Array.isArray(value)) return this.#unfit(name, 'a list');
    return value.map((item, index) => read(new JsonReader(item, `${this.#place}.${name}[${index}]`)));
  }

  /** The whole object as strings by name. */
  strings(): Record<string, string> {
    return Object.fromEntries(Object.keys(this.#members).map((name) => [name, this.string(name)]));
  }

  /** The whole object, as it came. */
  whole(): Readonly<Record<string, unknown>> {
    return this.#members;
  }

  #unfit(name: string, wanted: string): never {
    throw new UnexpectedAnswer(`${this.#place}.${name} is not ${wanted}`);
  }
}
