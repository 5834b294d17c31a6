// What lies in `@opencoven/client`: the command line's own client in one file for Node and Bun, its types, and no dependency.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { begin, common, write } from "./packages.ts";

/** The package that programs import. */
export const CLIENT = "@opencoven/client";

/** The oldest Node it runs on: the first with AbortSignal.any. */
const NODE = ">=20.3";

/** Its manifest. */
export function clientManifest(version: string) {
  return {
    ...common(
      CLIENT,
      version,
      "The typed client of the Coven daemon: launch, watch, attach to and steer coding agents.",
    ),
    keywords: ["coding-agent", "coven", "client", "session", "terminal"],
    type: "module",
    exports: { ".": { types: "./index.d.ts", default: "./index.js" }, "./package.json": "./package.json" },
    types: "./index.d.ts",
    files: ["index.js", "index.d.ts", "contract.d.ts"],
    sideEffects: true,
    engines: { node: NODE, bun: ">=1.2" },
    publishConfig: { access: "public" },
  };
}

/** Writes its folder anew. Same tree, same bytes. */
export async function stageClient(root: string, folder: string, version: string): Promise<void> {
  begin(root, folder, clientManifest(version));
  const source = join(root, "npm", "client");
  const built = await Bun.build({
    entrypoints: [join(source, "client.ts")],
    target: "node",
    format: "esm",
    // Read by people: names and lines stay.
    minify: { whitespace: false, identifiers: false, syntax: true },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [entry, ...more] = built.outputs;
  if (!entry || more.length > 0) throw new Error(`one file was expected, not ${built.outputs.length}`);
  // Where each part came from is told by a path from where the build was started: nobody's business, and other bytes elsewhere.
  const origin = /^\/\/ (?:[^\s]*\/)?(?:src|npm)\/\S+\.ts\n/gm;
  write(join(folder, "index.js"), (await entry.text()).replaceAll(origin, ""));
  for (const file of ["README.md", "index.d.ts", "contract.d.ts"]) {
    write(join(folder, file), readFileSync(join(source, file), "utf8"));
  }
}
