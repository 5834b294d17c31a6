// Which refusals of something that is tried again and again are worth a line: on a full disk the log lies on that disk, too.

/** Counts how often one thing was refused. */
export class Refusals {
  #count = 0;

  /** It was refused once more; true for the 1st, 2nd, 4th, 8th time and so on. */
  isNews(): boolean {
    this.#count += 1;
    return Number.isInteger(Math.log2(this.#count));
  }

  /** It was taken. */
  end(): void {
    this.#count = 0;
  }
}
