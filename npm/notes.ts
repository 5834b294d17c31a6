// Takes one version's section out of CHANGELOG.md, for the notes of a release.

/**
 * The text under the heading of `version` (`## 0.5.0`, `## [0.5.0] - 2026-11-21`), trimmed, without the heading;
 * undefined when there is none or it is empty.
 */
export function notesOf(changelog: string, version: string): string | undefined {
  const lines = changelog.split("\n");
  const start = lines.findIndex((line) => {
    const [, named] = /^## \[?v?([^\]\s]+)/.exec(line) ?? [];
    return named === version;
  });
  if (start === -1) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  const text = rest
    .slice(0, end === -1 ? rest.length : end)
    .join("\n")
    .trim();
  return text === "" ? undefined : text;
}
