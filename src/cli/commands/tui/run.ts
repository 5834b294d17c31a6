// `coven` at a terminal: the palette, one line after the other, until the person leaves it.
import { existsSync } from "node:fs";
import { covenClient } from "../../../api/client.ts";
import { readConfig } from "../../../config.ts";
import { environment } from "../../../os/environment.ts";
import { type CovenPaths, covenPaths } from "../../../paths.ts";
import type { HarnessInfo } from "../../../session/ports/harnesses.ts";
import type { Session } from "../../../session/session.ts";
import { askSession } from "../../client/ask-session.ts";
import { askedFor } from "../../client/asked.ts";
import { BELL, beganToWait } from "../../client/began-to-wait.ts";
import { isOfProject } from "../../client/describe.ts";
import { factsOf } from "../../client/facts.ts";
import { launchables } from "../../client/launchables.ts";
import { type Place, placeHere } from "../../client/project.ts";
import { reportError } from "../../client/report-error.ts";
import { type Feed, sessionFeed } from "../../client/session-list.ts";
import type { CommandLine, Run } from "../../framework/command.ts";
import { out } from "../../ui/colour.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { oneKey } from "../../ui/full-screen.ts";
import { atTerminal, columns, say } from "../../ui/out.ts";
import { pairs } from "../../ui/table.ts";
import { quoted } from "../../ui/text.ts";
import { askGo, askHarness, askLine, askTask, withOwnInput } from "./ask.ts";
import { headerLines, ofPalette } from "./header.ts";
import { historyOf, remember } from "./history.ts";
import { planLines } from "./plan.ts";
import { type Request, requestOf, slashes, VERBS, type Verb } from "./slashes.ts";

/** How long the first prompt waits for the daemon's list before it is shown without it, in milliseconds. */
const FIRST_WORD_MS = 250;

/** `coven` and `coven tui`: shows the palette until it is left; resolves to 0. Throws `UsageError` without a terminal. */
export const run: Run = async (_, line) => {
  if (!atTerminal()) throw new UsageError("The palette needs a terminal to type in.", ["coven help"]);
  const paths = covenPaths();
  // A command listens to Ctrl-C itself; the palette must not end with it.
  const stay = () => {};
  process.on("SIGINT", stay);
  try {
    const view = { everywhere: false };
    for (let first = true; await turn(paths, line, first, view); first = false);
  } finally {
    process.off("SIGINT", stay);
  }
  return 0;
};

/** Asks for one line and does what it asks for. False when the person leaves. */
async function turn(
  paths: CovenPaths,
  line: CommandLine,
  isFirst: boolean,
  view: { everywhere: boolean },
): Promise<boolean> {
  const place = placeHere();
  const isHere = place && ((one: Session) => isOfProject(one, place.projectRoot));
  const harnesses = launchables(paths, environment());
  const usual = usualHarness(paths, harnesses);
  const known = slashes(harnesses, await isEarlierWaiting(paths));
  let redraw = () => {};
  const news = beganToWait();
  const first = Promise.withResolvers<void>();
  const feed = sessionFeed(covenClient(paths.socket), {
    includeArchived: () => true,
    changed() {
      first.resolve();
      const began = feed.now.complete ? news(feed.now.sessions) : [];
      if (ofPalette(began, isHere, view.everywhere).length > 0) process.stdout.write(BELL);
      redraw();
    },
  });
  await Promise.race([first.promise, Bun.sleep(FIRST_WORD_MS)]);
  const answer = await askLine(
    {
      heading: (cols) => headerLines(place, feed.now, cols, { isHere, everywhere: view.everywhere }),
      more() {
        view.everywhere = !view.everywhere;
      },
      history: place ? historyOf(paths, place.projectRoot) : [],
      known: (cols) => ({
        slashes: known,
        harnesses,
        usual,
        sessions: ofPalette(feed.now.sessions, isHere, view.everywhere),
        now: Date.now(),
        cols,
      }),
    },
    isFirst,
    (draw) => {
      redraw = draw;
      return () => {
        redraw = () => {};
      };
    },
  );
  feed.stop();
  // Escape clears the line; on an empty line it leaves, as Ctrl-C always does.
  if (answer.kind === "cancelled") return answer.escaped && answer.typed !== "";
  const request = requestOf(answer.line, known);
  if (request.kind === "quit") return false;
  try {
    return await act(request, {
      line,
      paths,
      place,
      harnesses,
      usual,
      feed,
      isHere,
      everywhere: view.everywhere,
    });
  } catch (error) {
    await reportError(error);
    return true;
  } finally {
    // Afterwards: the first line of all makes the home.
    if (place) remember(paths, place.projectRoot, answer.line);
  }
}

/** Sessions of coven 0.4 lie in this home and were not imported, as far as a daemon that runs knows. */
async function isEarlierWaiting(paths: CovenPaths): Promise<boolean> {
  if (!existsSync(paths.earlierLedger)) return false;
  const facts = await factsOf(paths.socket);
  return facts === undefined || Boolean(facts.earlierLedger);
}

interface Context {
  readonly line: CommandLine;
  readonly paths: CovenPaths;
  readonly place: Place | undefined;
  readonly harnesses: readonly HarnessInfo[];
  readonly usual: string;
  readonly feed: Feed;
  readonly isHere: ((session: Session) => boolean) | undefined;
  /** The palette is about all projects. */
  readonly everywhere: boolean;
}

/** False when the person leaves. */
async function act(request: Request, context: Context): Promise<boolean> {
  switch (request.kind) {
    case "task":
      await runTask(context.usual, request.task, context, true);
      return true;
    case "run": {
      const harness = request.harness ?? (await askHarness(context.harnesses, context.usual));
      if (harness === undefined) return true;
      const task = request.task || (await askTask(harness));
      if (task !== undefined) await runTask(harness, task, context, false);
      return true;
    }
    case "session": {
      const id = request.id || (await choose(request.verb, context));
      if (id !== undefined) await perform(context.line, [request.verb, "--", id]);
      return true;
    }
    case "browse":
      await perform(context.line, ["sessions", ...(request.all ? ["--all"] : [])]);
      return true;
    case "show":
      say("");
      await perform(context.line, request.words);
      return goBack();
    case "logs":
      say("");
      await perform(context.line, ["logs", `--lines=${lines()}`]);
      return goBack();
    case "help":
      for (const one of helpLines(context)) say(one);
      return goBack();
    case "unknown":
      throw new Failure(`There is no ${quoted(request.typed)} here.`, [
        request.guess ?? "/help",
        "a space first, where a task begins with a slash",
      ]);
    default:
      return true;
  }
}

async function runTask(harness: string, task: string, context: Context, confirmed: boolean): Promise<void> {
  const { paths, place } = context;
  // A slash command is explicit and needs no plan; plain text may have been meant otherwise.
  if (confirmed) {
    if (!place) throw new Failure("The directory you are in is gone.", ["cd to a project, then: coven"]);
    const plan = planLines(
      paths,
      place,
      { harness, prompt: task },
      columns(process.stdout, 80),
      await askedFor(harness),
    );
    if (!(await askGo(plan))) return;
  }
  await perform(context.line, ["run", harness, "--", task]);
}

async function choose(verb: Verb, { feed, isHere, everywhere }: Context): Promise<string | undefined> {
  const all = feed.now.sessions.filter(VERBS[verb]);
  const here = ofPalette(all, isHere, everywhere);
  const fitting = here.length > 0 ? here : all;
  if (fitting.length === 0) {
    say(
      feed.now.error === undefined
        ? `There is no session to ${verb}.`
        : "No daemon runs, so nothing is live.",
    );
    return undefined;
  }
  return (await askSession(`Which session to ${verb}?`, fitting))?.id;
}

/** Runs a command of the command line, which has the terminal to itself meanwhile and reports its own errors. */
function perform(line: CommandLine, words: readonly string[]): Promise<number> {
  return withOwnInput(() => line.perform(words));
}

/** Waits for any key. False for Ctrl-C. */
async function goBack(): Promise<boolean> {
  process.stdout.write(`\n${out.dim("Any key goes back.")}`);
  const { name } = await oneKey();
  process.stdout.write("\r\u001b[K");
  return name !== "interrupt";
}

function helpLines({ harnesses, usual }: Context): string[] {
  return [
    "",
    `A line without a slash is a task for ${usual}; it is shown as a plan first.`,
    "",
    ...pairs(slashes(harnesses).map((one) => [one.name, one.summary])),
    "",
    "/help COMMAND shows the command line's page for it.",
  ];
}

function lines(): number {
  return Math.max(5, (process.stdout.rows || 24) - 4);
}

/** `harness.default` where it is set or installed, else the first installed one, else the demo. */
function usualHarness(paths: CovenPaths, harnesses: readonly HarnessInfo[]): string {
  const { config, set } = readConfig(paths.config);
  const named = config["harness.default"];
  const installed = harnesses.filter((one) => one.available).map((one) => one.id);
  return set.has("harness.default") || installed.includes(named) ? named : (installed[0] ?? "demo");
}
