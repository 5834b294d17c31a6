// What a session wants from a person, in words.
import type { Attention, AttentionSource } from "../../session/attention.ts";
import { harmless } from "../ui/text.ts";

const WAITS = {
  permission: "waiting for leave",
  question: "waiting for an answer",
  idle: "waiting for a task",
} as const;

/** `waiting for leave: Run rm -r build?`, `working`. */
export function wantText(attention: Attention | null): string {
  if (!attention) return "not running";
  const { state, kind, message } = attention;
  const words = state === "waiting" && kind ? WAITS[kind] : state;
  return message ? `${words}: ${harmless(message)}` : words;
}

const SAID: Readonly<Record<AttentionSource, string>> = {
  osc7501: "its program said so (OSC 7501)",
  osc9: "a notification of its program (OSC 9)",
  osc777: "a notification of its program (OSC 777)",
  osc99: "a notification of its program (OSC 99)",
  osc133: "the marks of its shell (OSC 133)",
  bell: "its program rang the bell",
  title: "the title its program has set",
  launch: "its program has said nothing yet",
  input: "somebody has typed since it waited, and it has said nothing yet",
};

/** What proves it. */
export function proofText({ source }: Attention): string {
  return SAID[source];
}
