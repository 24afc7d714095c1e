/** Tells an admin, once for each thing, that something was refused for its size. */
export class SizeWarnings {
  private readonly warned = new Set<string>();

  constructor(
    private readonly log: {
      warn(message: string, data: { what: string; limitBytes: number }): void;
    },
  ) {}

  note(what: string, limitBytes: number): void {
    if (this.warned.has(what)) return;
    this.warned.add(what);
    this.log.warn('refused for its size; further ones are not reported', { what, limitBytes });
  }
}
