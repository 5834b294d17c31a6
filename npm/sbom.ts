// The bill of materials: what the lockfile says went into the executables, as CycloneDX 1.6.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { REPOSITORY, type Target, WRAPPER } from "./targets.ts";

/** The part of `bun.lock` we read: `name -> [name@version, registry, facts, integrity]`. */
const Lock = z.object({
  packages: z.record(z.string(), z.array(z.unknown())),
});
const Facts = z.object({ dependencies: z.record(z.string(), z.string()).optional() });

interface Component {
  readonly type: "library" | "framework";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/**
 * The bill for the packages made from `targets`: every dependency the bundler may have taken something from, and
 * each runtime. No time and no random serial stands in it: same lockfile, same text. Throws when a direct dependency
 * is not in the lockfile.
 */
export function billOfMaterials(
  root: string,
  version: string,
  direct: readonly string[],
  targets: readonly Target[],
): string {
  const lock = Lock.parse(Bun.JSONC.parse(readFileSync(join(root, "bun.lock"), "utf8")));
  const found = new Map<string, { component: Component; needs: string[] }>();

  const take = (key: string, type: Component["type"]): string => {
    const [at, , facts, integrity] = lock.packages[key] ?? [];
    if (typeof at !== "string") throw new Error(`${key} is not in bun.lock.`);
    const name = at.slice(0, at.lastIndexOf("@"));
    const made = component(root, type, name, at.slice(name.length + 1), integrity);
    const ref = made["bom-ref"];
    if (found.has(ref)) return ref;
    const needs: string[] = [];
    found.set(ref, { component: made, needs });
    const wanted = Object.keys(Facts.parse(facts ?? {}).dependencies ?? {}).sort();
    needs.push(...wanted.map((dependency) => take(resolve(lock.packages, key, dependency), "library")));
    return ref;
  };
  const needs = [
    ...[...direct].sort().map((name) => take(name, "library")),
    ...targets.map((target) => take(target.runtime, "framework")).sort(),
  ];

  const self = purl(WRAPPER, version);
  const ordered = Array.from(found.values()).sort((a, b) =>
    a.component["bom-ref"] < b.component["bom-ref"] ? -1 : 1,
  );
  return `${JSON.stringify(
    {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: {
        component: {
          type: "application",
          "bom-ref": self,
          name: WRAPPER,
          version,
          purl: self,
          licenses: [{ license: { id: "MIT" } }],
          externalReferences: [{ type: "vcs", url: REPOSITORY }],
        },
      },
      components: ordered.map((entry) => entry.component),
      dependencies: [
        { ref: self, dependsOn: needs },
        ...ordered.map((entry) => ({ ref: entry.component["bom-ref"], dependsOn: entry.needs })),
      ],
    },
    null,
    2,
  )}\n`;
}

/** Where `dependency` of the package at `key` stands in the lockfile: nested under it, else further up. */
function resolve(packages: Readonly<Record<string, unknown>>, key: string, dependency: string): string {
  for (
    let place = key;
    place !== "";
    place = place.includes("/") ? place.slice(0, place.lastIndexOf("/")) : ""
  ) {
    if (`${place}/${dependency}` in packages) return `${place}/${dependency}`;
  }
  return dependency;
}

function component(
  root: string,
  type: Component["type"],
  name: string,
  version: string,
  integrity: unknown,
): Component {
  const license = licenseOf(root, name);
  const sha512 =
    typeof integrity === "string" && integrity.startsWith("sha512-") ? integrity.slice(7) : undefined;
  return {
    type,
    "bom-ref": purl(name, version),
    name,
    version,
    purl: purl(name, version),
    ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
    ...(sha512 === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512" as const, content: Buffer.from(sha512, "base64").toString("hex") }] }),
  };
}

/** The licence the installed package declares, when it is one identifier and not an expression. */
function licenseOf(root: string, name: string): string | undefined {
  const manifest = join(root, "node_modules", name, "package.json");
  // The runtimes of other platforms may not be here; the text must not depend on that. Bun's own code is MIT.
  if (name.startsWith("@oven/bun-")) return "MIT";
  if (!existsSync(manifest)) return undefined;
  const parsed = z.object({ license: z.string() }).safeParse(JSON.parse(readFileSync(manifest, "utf8")));
  return parsed.success && /^[A-Za-z0-9.-]+$/.test(parsed.data.license) ? parsed.data.license : undefined;
}

/** The package URL of an npm package; the scope's `@` is escaped, as the specification has it. */
function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}
