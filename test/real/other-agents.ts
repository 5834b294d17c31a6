// Gets the agents beside codex and claude that npm delivers: pinned, into the same cache outside the tree, once; and settings that point them at a model on loopback.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Agents, cacheDirectory, installPackages, locked } from "./agents.ts";

/** The versions that recipes were tried with; raise them on purpose. Node 22 is there because qwen needs it. */
export const OTHER_VERSIONS = {
  gemini: "0.61.0",
  opencode: "1.18.33",
  copilot: "1.0.102",
  qwen: "0.24.4",
  amp: "0.0.1790142911-g7618fb",
  node: "22.23.3",
} as const;

const PACKAGES = {
  gemini: "@google/gemini-cli",
  opencode: "opencode-ai",
  copilot: "@github/copilot",
  qwen: "@qwen-code/qwen-code",
  amp: "@ampcode/cli",
  node: `node-${process.platform}-${process.arch}`,
} as const satisfies Record<keyof typeof OTHER_VERSIONS, string>;

/** What lies inside their packages and runs without an install script. Two are native, two are Node's. */
const PROGRAMS = {
  gemini: "@google/gemini-cli/bundle/gemini.js",
  opencode: `opencode-${process.platform}-${process.arch}/bin/opencode`,
  copilot: `@github/copilot-${process.platform}-${process.arch}/copilot`,
  qwen: "@qwen-code/qwen-code/cli-entry.js",
  amp: `@ampcode/cli-${process.platform}-${process.arch}/amp`,
  node: `node-${process.platform}-${process.arch}/bin/node`,
} as const satisfies Record<keyof typeof OTHER_VERSIONS, string>;

/** The agents (about 900 MB), installed when they aren't yet. As `realAgents`. */
export function otherAgents(): Agents {
  const cache = cacheDirectory();
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    return { bin: locked(join(cache, "install.lock"), () => installed(cache)), cache };
  } catch (error) {
    return { bin: null, cache, reason: error instanceof Error ? error.message : String(error) };
  }
}

function installed(cache: string): string {
  const versions = Object.entries(OTHER_VERSIONS).map(([name, version]) => `${name}-${version}`);
  const place = join(cache, versions.join("-"));
  const bin = join(place, "bin");
  if (existsSync(bin)) return bin;
  for (const name of readdirSync(cache)) {
    if (name.startsWith("stage-")) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const stage = mkdtempSync(join(cache, "stage-"));
  try {
    installPackages(
      stage,
      Object.fromEntries(Object.entries(PACKAGES).map(([name, of]) => [of, versionOf(name)])),
    );
    mkdirSync(join(stage, "bin"));
    for (const [name, program] of Object.entries(PROGRAMS)) {
      if (!existsSync(join(stage, "node_modules", program)))
        throw new Error(`the packages hold no ${program}`);
      symlinkSync(join("..", "node_modules", program), join(stage, "bin", name));
    }
    renameSync(stage, place);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return bin;
}

function versionOf(name: string): string {
  return Object.entries(OTHER_VERSIONS).find(([known]) => known === name)?.[1] ?? "";
}

/** What each needs in a fresh home to ask our model and nobody else. */
export function pointAtModel(home: string, modelUrl: string): Readonly<Record<string, string>> {
  const write = (file: string, content: unknown) => {
    mkdirSync(join(home, file, ".."), { recursive: true });
    writeFileSync(join(home, file), JSON.stringify(content));
  };
  write(".gemini/settings.json", {
    security: { auth: { selectedType: "gemini-api-key" } },
    general: { disableAutoUpdate: true, enableAutoUpdate: false },
    privacy: { usageStatisticsEnabled: false },
    model: { name: "mock-model" },
  });
  write(".qwen/settings.json", {
    security: { auth: { selectedType: "openai" } },
    general: { disableAutoUpdate: true, enableAutoUpdate: false },
    privacy: { usageStatisticsEnabled: false },
    model: { name: "mock-model" },
  });
  const models = { "mock-model": { name: "Mock" } };
  const options = { baseURL: `${modelUrl}/v1`, apiKey: "sk-mock" };
  write(".config/opencode/opencode.json", {
    provider: { mock: { npm: "@ai-sdk/openai-compatible", name: "Mock", options, models } },
    model: "mock/mock-model",
    small_model: "mock/mock-model",
    // It asks nothing by default.
    permission: { bash: "ask" },
    autoupdate: false,
    share: "disabled",
  });
  write(".copilot/config.json", { trusted_folders: [join(home, "project")], banner: "never" });
  return {
    GEMINI_API_KEY: "mock",
    GOOGLE_GEMINI_BASE_URL: modelUrl,
    OPENAI_API_KEY: "sk-mock",
    OPENAI_BASE_URL: `${modelUrl}/v1`,
    OPENAI_MODEL: "mock-model",
    COPILOT_OFFLINE: "true",
    COPILOT_PROVIDER_BASE_URL: `${modelUrl}/v1`,
    COPILOT_MODEL: "mock-model",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_PURE: "1",
  };
}
