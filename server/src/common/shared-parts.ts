/**
 * Parts that many records of one statement have in common: Postgres is sent each once, and every
 * record names its part by number. Reading JSON is most of what a statement over many rows takes it.
 */
export class SharedParts {
  private readonly numbers = new Map<string, number>();

  /** From 1 on, as WITH ORDINALITY counts. */
  numberOf(part: object): number {
    const json = JSON.stringify(part);
    const known = this.numbers.get(json);
    if (known !== undefined) return known;
    const number = this.numbers.size + 1;
    this.numbers.set(json, number);
    return number;
  }

  /** A JSON array of the parts, in the order of their numbers. */
  toJson(): string {
    return `[${[...this.numbers.keys()].join(',')}]`;
  }
}
