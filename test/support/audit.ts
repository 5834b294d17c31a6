// The audit of dependencies, `bun run audit`: fails on a known vulnerability; a registry that answers no audit is said, and no failure.
const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "audit", "--json"], {
  stdin: "ignore",
});
const found = findings(stdout.toString());
if (exitCode === 0) {
  console.log("No known vulnerabilities.");
} else if (found.length > 0) {
  console.error(`Known vulnerabilities in: ${found.join(", ")}`);
  console.error("Try: bun audit");
  process.exitCode = 1;
} else {
  const why = stderr.toString().trim().split("\n").at(-1) ?? "";
  console.log(`Not audited: the registry gave no answer (${why}).`);
}

/** The packages named in the answer; none when it is no answer. */
function findings(text: string): string[] {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? Object.keys(answer) : [];
  } catch {
    return [];
  }
}
