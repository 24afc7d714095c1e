import type { Section } from '../roster/rosterStore';

export const SECTION_HEIGHT = 28;

/** Where people and the heads of their sections are. An item is one of either. */
export class ListLayout {
  readonly count: number;
  private readonly heads: readonly number[];

  constructor(
    readonly sections: readonly Section[],
    people: number,
    private readonly rowHeight: number,
  ) {
    this.heads = sections.map(({ start }, index) => start + index);
    this.count = people + sections.length;
  }

  /** As functions of their own: a list is measured again when it gets other ones. */
  readonly keyOf = (item: number): number => item;
  readonly sizeOf = (item: number): number =>
    this.heads.includes(item) ? SECTION_HEIGHT : this.rowHeight;

  headAt(item: number): Section | undefined {
    return this.sections[this.heads.indexOf(item)];
  }

  personAt(item: number): number {
    return item - this.heads.filter((head) => head <= item).length;
  }

  itemOf(person: number): number {
    return person + this.headsBefore(person);
  }

  topOf(person: number): number {
    return person * this.rowHeight + this.headsBefore(person) * SECTION_HEIGHT;
  }

  /** Whose row is there; undefined on a head and beyond the rows. */
  personUnder(top: number): number | undefined {
    for (let at = this.sections.length - 1; at >= 0; at -= 1) {
      const { start, size } = this.sections[at]!;
      const within = top - this.topOf(start);
      if (within < 0) continue;
      const person = start + Math.floor(within / this.rowHeight);
      return person < start + size ? person : undefined;
    }
    return undefined;
  }

  private headsBefore(person: number): number {
    return this.sections.filter(({ start }) => start <= person).length;
  }
}
