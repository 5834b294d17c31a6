// The environment of this process, as a child or a launch is given it.

/** Every variable that is set, as of now. */
export function environment(): Record<string, string> {
  const set = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return Object.fromEntries(Object.entries(process.env).filter(set));
}
