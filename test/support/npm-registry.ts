// A small npm registry on loopback: what a package manager asks for to install the tarballs it is given, and no more.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A running registry. */
export interface NpmRegistry {
  /** With a slash at the end, as `registry=` wants it. */
  readonly url: string;
  /** Paths asked for that we do not have; empty after a good run. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

/** What we read of a manifest; the rest goes through as it is. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

/**
 * Serves the given tarballs as npm's registry does: `GET /@scope%2fname` (or with a plain slash) is the packument,
 * `GET /@scope/name/-/name-1.2.3.tgz` a tarball. Of two versions the one given last is `latest`. Source of the shapes: npm's `package-metadata.md`.
 */
export async function npmRegistry(tarballs: readonly string[]): Promise<NpmRegistry> {
  const files = new Map<string, string>();
  const packages = new Map<string, Map<string, object>>();
  const latest = new Map<string, string>();
  const missing: string[] = [];

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
      const file = files.get(path);
      if (file !== undefined) {
        return new Response(Bun.file(file), { headers: { "Content-Type": "application/octet-stream" } });
      }
      const versions = packages.get(path);
      if (versions === undefined) {
        missing.push(`${request.method} /${path}`);
        return Response.json({ error: "not_found" }, { status: 404 });
      }
      // Published long ago: some package managers refuse what is younger than a day.
      const published = "2020-01-01T00:00:00.000Z";
      return Response.json({
        _id: path,
        name: path,
        "dist-tags": { latest: latest.get(path) },
        versions: Object.fromEntries(versions),
        time: {
          created: published,
          modified: published,
          ...Object.fromEntries(Array.from(versions.keys(), (version) => [version, published])),
        },
      });
    },
  });

  for (const path of tarballs) {
    const bytes = readFileSync(path);
    const manifest = await manifestOf(path);
    const known = packages.get(manifest.name) ?? new Map<string, object>();
    packages.set(manifest.name, known);
    latest.set(manifest.name, manifest.version);
    // The very address npm's registry would have: Yarn writes any other one into its lockfile.
    const address = `${manifest.name}/-/${basename(manifest.name)}-${manifest.version}.tgz`;
    files.set(address, path);
    known.set(manifest.version, {
      ...manifest,
      _id: `${manifest.name}@${manifest.version}`,
      hasInstallScript: manifest.scripts?.["postinstall"] !== undefined,
      dist: {
        tarball: new URL(address, server.url).href,
        shasum: new Bun.CryptoHasher("sha1").update(bytes).digest("hex"),
        integrity: `sha512-${new Bun.CryptoHasher("sha512").update(bytes).digest("base64")}`,
      },
    });
  }
  return { url: server.url.href, missing, stop: () => server.stop(true) };
}

/** The manifest in a tarball, which lies in a folder called `package`. */
export async function manifestOf(tarball: string): Promise<Manifest> {
  const text = await Bun.$`tar -xzOf ${tarball} package/package.json`.text();
  // Made by our own packer; a broken one shows as a failing install.
  return JSON.parse(text) as Manifest;
}
