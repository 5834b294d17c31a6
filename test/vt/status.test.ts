// Holds the reading of what programs say to a person: each form as the programs write it, and what is none.
import { expect, test } from "bun:test";
import { signOf } from "../../src/vt/status.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const latin1 = (text: string) => Buffer.from(text).toString("latin1");

test.each([
  ["7501;state=working:app=codex", { word: "working", id: "", kind: null, message: null }],
  [
    "7501; state=blocked : kind=permission:msg=QWxsb3c/",
    { word: "blocked", id: "", kind: "permission", message: "Allow?" },
  ],
  ["7501;state=done:id=build/test", { word: "done", id: "build/test", kind: null, message: null }],
  [
    `7501;state=blocked:msg=${base64("tür\u202e\x1b[31m auf")}`,
    { word: "blocked", id: "", kind: null, message: "tür [31m auf" },
  ],
])("%s", (payload, sign) => {
  expect(signOf(payload)).toEqual({ source: "osc7501", ...sign });
});

test.each([
  ["9;Needs you", { source: "osc9", message: "Needs you" }],
  ["9;4;1;50", { source: "osc9", progress: true }],
  ["9;4;0", { source: "osc9", progress: false }],
  ["777;notify;Title;the; body", { source: "osc777", message: "Title: the; body" }],
  ["99;i=1:d=1;Hello", { source: "osc99", message: "Hello" }],
  [`99;i=1:e=1:p=body;${base64("schön")}`, { source: "osc99", message: "schön" }],
  ["133;A", { source: "osc133", mark: "prompt" }],
  ["133;B", { source: "osc133", mark: "prompt" }],
  ["133;C;cmdline=ls", { source: "osc133", mark: "command" }],
  ["133;D;0", { source: "osc133", mark: "end" }],
  [`2;${latin1("✳ ready")}`, { source: "title", title: "✳ ready" }],
] as const)("%s", (payload, sign) => {
  expect(signOf(payload)).toEqual(sign);
});

test.each([
  "7501;?",
  "7501;state=",
  "7501;nothing",
  "9;",
  "9;2;a message box",
  "9;9;/a/directory",
  "99;i=1:d=0;half",
  "99;i=1:p=close;",
  "777;precmd",
  "133;P;k=i",
  "133",
  "1;icon",
  "52;c;aGk=",
])("%s is none", (payload) => {
  expect(signOf(payload)).toBeUndefined();
});
