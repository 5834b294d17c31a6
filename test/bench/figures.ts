// What is said of numbers: medians, spreads, ratios, and how each is written.

/** One cell of the table. */
export interface Figure {
  /** The median, in the line's unit. */
  readonly value: number;
  /** Half the distance between the quartiles. */
  readonly spread: number;
  /** How many were taken. */
  readonly count: number;
  /** The 99th percentile, where the line asks for it. */
  readonly p99?: number;
  /** What stands beside the number, in a few words. */
  readonly note?: string;
}

/** `part` 0..1 of the values; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** The median of the values with their spread. */
export function figure(values: readonly number[], more: { p99?: boolean; note?: string } = {}): Figure {
  return {
    value: quantile(values, 0.5),
    spread: (quantile(values, 0.75) - quantile(values, 0.25)) / 2,
    count: values.length,
    ...(more.p99 ? { p99: quantile(values, 0.99) } : {}),
    ...(more.note === undefined ? {} : { note: more.note }),
  };
}

/** The median of `one[i] / other[i]`: both were taken in the same turn, so that what drifts drops out. */
export function ratio(one: readonly number[], other: readonly number[]): Figure {
  const pairs = one.flatMap((value, i) => {
    const under = other[i];
    return under === undefined || under === 0 ? [] : [value / under];
  });
  return figure(pairs);
}

/** Three digits that count: 0.013, 4.37, 182, 92,865. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toFixed(3);
}

/** `4.37 ±0.12`, with the 99th percentile behind a slash where there is one. */
export function written(figure: Figure): string {
  const main =
    figure.p99 === undefined ? short(figure.value) : `${short(figure.value)} / ${short(figure.p99)}`;
  const spread = figure.count > 1 && figure.p99 === undefined ? ` ±${short(figure.spread)}` : "";
  return `${main}${spread}${figure.note ? ` ${figure.note}` : ""}`;
}
