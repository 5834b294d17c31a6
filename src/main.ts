// The entry: argv -> the version at once, the daemon, the demo, or the command line. The only process.exit.
import { lackOfProcesses } from "./os/process-room.ts";
import { COVEN_VERSION } from "./version.ts";

const argv = process.argv.slice(2);
const [first, second] = argv;

if (argv.length === 1 && (first === "--version" || first === "-v" || first === "version")) {
  // Before any other import, and by console.log: process.stdout alone costs ten milliseconds.
  console.log(`coven ${COVEN_VERSION}`);
} else if (argv.length === 1 && first === "--print-native-binary-path") {
  // The npm launcher answers this too; where the install step has put us in its place, it is ours to answer.
  console.log(process.execPath);
} else {
  enter().then(
    (code) => process.exit(code),
    (error) => fail(error),
  );
}

/** Each way loads only what it needs. Resolves to the exit code. */
async function enter(): Promise<number> {
  const lack = lackOfProcesses();
  if (lack !== undefined) {
    console.error(`Error: ${lack}`);
    console.error("Try: end what is not needed here, or raise that limit");
    return 1;
  }
  if (first === "daemon" && second === "serve" && argv.length === 2) {
    const { serve, exitCodeOf } = await import("./daemon/serve.ts");
    return serve().catch((error: unknown) => fail(error, exitCodeOf(error)));
  }
  if (first === "daemon" && second === "serve" && argv.length === 3 && argv[2] === "--check") {
    return (await import("./daemon/check.ts")).check();
  }
  // The daemon keeps its own watch over accidents and outlives them; everything else ends with a sentence.
  process.on("uncaughtException", (error) => fail(error));
  process.on("unhandledRejection", (error) => fail(error));
  if (first === "__quick-check" && second !== undefined) {
    return (await import("./daemon/check.ts")).printQuickCheck(second);
  }
  if (first === "__with-input") return (await import("./harness/with-input.ts")).runWithInput(argv.slice(1));
  if (first === "__demo") return (await import("./harness/demo.ts")).runDemo(argv.slice(1));
  return (await import("./cli/cli.ts")).cli(argv);
}

function fail(error: unknown, exitCode = 1): never {
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
  console.error("Try: coven doctor");
  if (process.env["COVEN_DEBUG"]) console.error(error);
  process.exit(exitCode);
}
