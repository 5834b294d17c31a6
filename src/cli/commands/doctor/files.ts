// Findings about the settings and about files that keep the daemon from starting. Pure.

import type { CovenPaths } from "../../../paths.ts";
import type { Inspection } from "../../../supervise/inspect.ts";
import { type Finding, findingsOn, isOpen, octal } from "./checks.ts";

/** The settings: what the daemon refuses is a problem, each thing it ignores a warning. */
export function configFindings(
  paths: CovenPaths,
  { warnings, error }: Inspection["config"],
  isThere = true,
): Finding[] {
  const line = findingsOn("config");
  if (error) {
    const hint = error.details?.["hint"];
    return [line("problem", error.message, typeof hint === "string" ? hint : `ls -ld ${paths.config}`)];
  }
  if (warnings.length > 0) {
    return warnings.map((one) => line("warning", one, "coven config list   (shows every setting there is)"));
  }
  return [
    line(
      "ok",
      isThere ? `${paths.config} is understood` : `no ${paths.config}: every setting has its default`,
      "coven config list",
    ),
  ];
}

/** A file that keeps the daemon from starting is a problem, one that others may read a warning. Links have no mode of their own. */
export function fileFindings(
  paths: CovenPaths,
  { files, noteDamaged }: Pick<Inspection, "files" | "noteDamaged">,
): Finding[] {
  const line = findingsOn("files");
  const note = `${paths.identity} can't be understood; the daemon writes it anew within a minute, or when it starts`;
  const damaged = noteDamaged ? [line("warning", note, "coven daemon status")] : [];
  const found = damaged.concat(
    files.flatMap(({ path, wanted, found }): Finding[] => {
      if (found.kind === "missing" || found.kind === "link") return [];
      if (found.kind === wanted) {
        if (!isOpen(found)) return [];
        const mode = wanted === "directory" ? "700" : "600";
        return [line("warning", `${path} lets others in (${octal(found)})`, `chmod ${mode} ${path}`)];
      }
      // The store and config findings report these.
      if (path === paths.ledger || path === paths.config) return [];
      if (wanted === "directory") return [line("problem", `${path} is no directory`, `mv ${path} ~/`)];
      return found.kind === "directory" ? [line("problem", `${path} is a directory`, `mv ${path} ~/`)] : [];
    }),
  );
  return found.length > 0
    ? found
    : [line("ok", "nothing in COVEN_HOME keeps the daemon from starting", "coven daemon status")];
}
