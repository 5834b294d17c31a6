// `coven import --from 0.4`: asks the daemon for one piece after the other, and puts the manifests in their place.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type EarlierManifest, earlierManifests } from "../../../harness/earlier-manifests.ts";
import { BUILT_IN_IDS } from "../../../harness/harnesses.ts";
import { fileFailure } from "../../../os/file-failure.ts";
import { replaceFile } from "../../../os/replace-file.ts";
import { type CovenPaths, covenPaths } from "../../../paths.ts";
import { connect } from "../../client/connect.ts";
import { flagValue, has, type Run } from "../../framework/command.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { print, printJson } from "../../ui/out.ts";
import { withProgress } from "../../ui/progress.ts";
import { harmless } from "../../ui/text.ts";

export const run: Run = async (invocation) => {
  if (flagValue(invocation, "from") !== "0.4") {
    throw new UsageError("coven import knows one earlier coven: 0.4.", ["coven import --from 0.4"]);
  }
  const paths = covenPaths();
  const theirs = earlierManifests(paths.earlierManifests, BUILT_IN_IDS);
  const isLedger = existsSync(paths.earlierLedger);
  if (!isLedger && theirs.length === 0) {
    throw new Failure(`Coven 0.4 has left nothing in ${paths.home}: no coven.sqlite3 and no adapters/.`, [
      "COVEN_HOME=/another/home coven import --from 0.4",
    ]);
  }
  const taken = isLedger ? await takeOver() : { sessions: 0, events: 0, present: 0, skipped: [] };
  const manifests = theirs.map((one) => ({ ...one, done: putInPlace(one, paths) }));
  const skipped = [...taken.skipped, ...manifests.flatMap(notTaken)];
  const added = manifests.filter(({ done }) => done === "added").map(({ id }) => id);
  if (has(invocation, "json")) {
    await printJson({ ...taken, skipped, manifests: added });
    return 0;
  }
  await print(
    `imported ${taken.sessions} sessions, ${taken.events} events (${taken.present} sessions were here already)`,
  );
  for (const id of added) await print(`imported harness ${id}`);
  for (const { what, why } of skipped) await print(harmless(`left: ${what} (${why})`));
  return 0;
};

async function takeOver() {
  const client = await connect();
  return withProgress("Importing", async (progress) => {
    for (;;) {
      const { more, ...done } = await client.import({ from: "0.4" });
      if (!more) return done;
      progress.say(`Importing: ${done.sessions} sessions, ${done.events} events`);
    }
  });
}

/** A manifest of ours is never written over. Throws what the file system says. */
function putInPlace(
  { id, manifest }: EarlierManifest,
  { harnesses }: CovenPaths,
): "added" | "there" | "refused" {
  if (!manifest) return "refused";
  const file = join(harnesses, `${id}.json`);
  if (existsSync(file)) return "there";
  try {
    mkdirSync(harnesses, { recursive: true, mode: 0o700 });
    replaceFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
    return "added";
  } catch (error) {
    throw fileFailure(error, file);
  }
}

function notTaken({ id, file, problem, left, done }: EarlierManifest & { readonly done: string }) {
  if (problem !== undefined) return [{ what: `harness ${id} of ${file}`, why: problem }];
  if (done === "there") return [];
  return left.map((member) => ({
    what: `${member} of harness ${id}`,
    why: "manifests have no such member here",
  }));
}
