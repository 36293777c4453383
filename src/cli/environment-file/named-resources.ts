/** A resource that a file wants, as other parts of the file name it. */
export interface NamedResource {
  readonly id: string;
  readonly group: string;
  /** `vm1`; `parent/child` of a nested type. */
  readonly name: string;
  readonly type: string;
  /** The newest that is served, unless told. */
  readonly apiVersion: string | undefined;
}

/** A name that several resources have. */
export class AmbiguousName extends Error {
  override readonly name = 'AmbiguousName';
}

/** The resources that files want, by the names that they give one another. */
export class NamedResources {
  readonly #byName = new Map<string, NamedResource[]>();
  readonly #byId = new Map<string, NamedResource>();

  add(resource: NamedResource): void {
    this.#byId.set(resource.id.toLowerCase(), resource);
    for (const name of new Set([resource.name, `${resource.group}/${resource.name}`])) {
      const key = name.toLowerCase();
      this.#byName.set(key, [...(this.#byName.get(key) ?? []), resource]);
    }
  }

  /**
   * The resource that is meant by `NAME`, `GROUP/NAME` or an id; of several called so the one of the same group.
   *
   * @param type the only type that is meant; any unless told
   * @returns `undefined` where the files want none
   * @throws AmbiguousName
   */
  find(text: string, group: string | undefined, type?: string): NamedResource | undefined {
    if (text.startsWith('/')) return this.#byId.get(text.toLowerCase());
    const found = (this.#byName.get(text.toLowerCase()) ?? []).filter(
      (one) => type === undefined || one.type.toLowerCase() === type.toLowerCase(),
    );
    const near = found.filter((one) => one.group.toLowerCase() === group?.toLowerCase());
    const [first, second] = near.length > 0 ? near : found;
    if (second !== undefined) {
      throw new AmbiguousName(`several resources are called ${text}: write GROUP/NAME, or the id of one`);
    }
    return first;
  }
}
