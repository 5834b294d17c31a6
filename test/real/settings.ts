// What the real agents must find to run with no account and no questions: settings files and environment.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const API_KEY = "sk-ant-dummy-0123456789abcdefghijklmnopqrstuvwxyz";

/** One isolated user: a HOME, a project, and an environment that knows nothing of the person running the suite. */
export interface AgentUser {
  readonly home: string;
  /** Canonical; trusted by both agents, so neither asks. */
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** What a user is made from. */
export interface AgentUserOptions {
  /** The directory with `codex` and `claude`; first on the PATH. */
  readonly bin: string;
  /** Users live in here. Not in the system's temporary directory: codex prints a warning first when its home is there. */
  readonly cache: string;
  readonly modelUrl: string;
  /** As shipped, an interactive codex starts servers that leave its process group (FIELD-NOTES 4); off by default here. */
  readonly codexServers?: boolean;
  /** Laid over the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Makes one, pointed at a model server of ours. */
export function agentUser({
  bin,
  cache,
  modelUrl,
  codexServers = false,
  env: extra,
}: AgentUserOptions): AgentUser {
  mkdirSync(join(cache, "users"), { recursive: true });
  const home = realpathSync(mkdtempSync(join(cache, "users", "u-")));
  const project = join(home, "project");
  const codexHome = join(home, ".codex");
  mkdirSync(project);
  mkdirSync(codexHome);
  writeFileSync(join(codexHome, "config.toml"), codexConfig(project, modelUrl, codexServers));
  writeFileSync(join(home, ".claude.json"), JSON.stringify(claudeState(project)));
  const env = {
    PATH: [bin, "/usr/local/bin", "/usr/bin", "/bin"].join(":"),
    HOME: home,
    LANG: "C.UTF-8",
    CODEX_HOME: codexHome,
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: API_KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    // claude refuses some modes as root outside a sandbox; containers run suites as root.
    IS_SANDBOX: "1",
    ...extra,
  };
  return { home, project, env, remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }) };
}

function codexConfig(project: string, modelUrl: string, servers: boolean): string {
  return `model = "mock-model"
model_provider = "mock"
check_for_update_on_startup = false
[model_providers.mock]
name = "mock"
base_url = "${modelUrl}/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
[analytics]
enabled = false
[features]
daemon_auto_start = ${servers}
[projects.${JSON.stringify(project)}]
trust_level = "trusted"
`;
}

function claudeState(project: string) {
  return {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [API_KEY.slice(-20)], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true } },
  };
}
