/** Collects what only Anthropic's own API can do, by the names that the caller used. */
export class NativeOnly {
  readonly #names: string[] = [];

  add(path: string, what?: string): void {
    this.#names.push(what === undefined ? path : `${path} (${what})`);
  }

  get names(): readonly string[] {
    return this.#names;
  }
}
