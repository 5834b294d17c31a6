// `coven harnesses check FILE`: everything that is wrong with one manifest, by line and member.
import { dirname, join, resolve } from "node:path";
import { BUILT_IN_IDS } from "../../../harness/harnesses.ts";
import { checkManifest, type ManifestFault } from "../../../harness/manifest.ts";
import { RECIPE_IDS } from "../../../harness/recipes.ts";
import { environment } from "../../../os/environment.ts";
import { covenPaths } from "../../../paths.ts";
import { enabledRecipes, harnessesOf } from "../../client/launchables.ts";
import { has, type Run, word } from "../../framework/command.ts";
import { print, printJson, say } from "../../ui/out.ts";
import { harmless, quoted } from "../../ui/text.ts";
import { workingDirectory } from "../../ui/working-directory.ts";

export const check: Run = async (invocation) => {
  const paths = covenPaths();
  const file = resolve(workingDirectory(), word(invocation, 0));
  const on = enabledRecipes(paths);
  const { adapter, faults } = checkManifest(file, new Set([...BUILT_IN_IDS, ...on]));
  if (has(invocation, "json")) {
    await printJson({ ok: faults.length === 0, file, id: adapter?.id ?? null, faults });
    return faults.length === 0 ? 0 : 1;
  }
  if (!adapter) {
    for (const fault of faults) await print(`${harmless(file)}${placeOf(fault)}: ${harmless(fault.reason)}`);
    say("Nothing is taken from a manifest with a fault.");
    return 1;
  }
  await print(`${harmless(file)}: ${adapter.id} can be used.`);
  if (dirname(file) !== paths.harnesses)
    say(
      `It counts once it lies there:  cp ${quoted(file)} ${quoted(join(paths.harnesses, `${adapter.id}.json`))}`,
    );
  if (RECIPE_IDS.includes(adapter.id))
    say(`There is a recipe of this name; once that is enabled it counts, and this does not.`);
  const found = harnessesOf(paths).questions(adapter.id, environment());
  if (dirname(file) === paths.harnesses && !found)
    say(`There is no ${harmless(adapter.executable)} on your PATH yet.`);
  return 0;
};

function placeOf({ line, member }: ManifestFault): string {
  return `${line === null ? "" : `, line ${line}`}${member === null ? "" : `, ${harmless(member)}`}`;
}
