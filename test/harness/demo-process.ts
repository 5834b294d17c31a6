// Starts the demo as a process of its own for the tests, the way main.ts does for `__demo`.
import { runDemo } from "../../src/harness/demo.ts";

process.exit(await runDemo(process.argv.slice(2)));
