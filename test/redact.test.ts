// Tests src/redact.ts: what must go, what must stay, and that no text makes it slow.
import { expect, test } from "bun:test";
import { isSecretName, REDACTED, redact } from "../src/redact.ts";

const R = REDACTED;
// Put together here, so that no scanner takes this file for a leak.
const long = "abcdefghij0123456789ABCDEFGHIJ";
const pem = (kind: string, body: string) => `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----`;

test.each([
  [`Authorization: Bearer ${long}`, `Authorization: ${R}`],
  ["authorization: Basic dXNlcjpwYXNz next", `authorization: ${R} next`],
  ['{"Proxy-Authorization": "Basic dXNlcjpwYXNz"}', `{"Proxy-Authorization": ${R}}`],
  ["curl -u x basic dXNlcjpwYXNz", `curl -u x basic ${R}`],
  ["Set-Cookie: session=abcdef; Path=/", `Set-Cookie: ${R}; Path=/`],
  [`export AWS_SECRET_ACCESS_KEY=${long}/x+y`, `export AWS_SECRET_ACCESS_KEY=${R}`],
  [
    "mysql://root:hunter2@localhost/db and redis://:hunter2@r",
    `mysql://${R}@localhost/db and redis://${R}@r`,
  ],
  [
    "git remote https://x-access-token:hunter2@example.org/a.git",
    `git remote https://${R}@example.org/a.git`,
  ],
  ["spring.datasource.password=hunter2", `spring.datasource.password=${R}`],
  [`with bearer ${long}.`, `with bearer ${R}`],
  [`key sk-${long} used`, `key ${R} used`],
  [`sk-ant-api03-${long}`, R],
  [`sk_live_${long}`, R],
  [`ghp_${long}`, R],
  [`github_pat_${long}_x`, R],
  [`glpat-${long}`, R],
  [`npm_${long}`, R],
  [`xoxb-123-${long}`, R],
  [`AIza${long}0123`, R],
  [`AKIA${"ABCDEFGH12345678"} there`, `${R} there`],
  [`eyJhbGciOiJI.eyJzdWIiOiIx.${long}`, R],
  ["https://bob:hunter2@example.org/x", `https://${R}@example.org/x`],
  ["postgres://u:p%40ss@db:5432/x", `postgres://${R}@db:5432/x`],
  [`a ${pem("RSA PRIVATE KEY", long)} b`, `a ${R} b`],
  [`cut -----BEGIN OPENSSH PRIVATE KEY-----\n${long}`, `cut ${R}`],
  ["run --token hunter2 --verbose", `run --token ${R} --verbose`],
  ["x --api-key 'hunter 2'", `x --api-key ${R}`],
  ["password=hunter2 next", `password=${R} next`],
  ["MY_API_KEY=hunter2", `MY_API_KEY=${R}`],
  ['{"access_token": "hunter 2", "n": 1}', `{"access_token": ${R}, "n": 1}`],
  ["client-secret: 'hunter 2'", `client-secret: ${R}`],
])("%p", (text, clean) => {
  expect(redact(text)).toBe(clean);
});

test.each([
  "the session was settled: completed",
  "/home/u/projects/task-list/sk-8/src",
  "https://example.org/a@b?c=d",
  "tokens used 12 of 400",
  "run --max-token 4096 --token",
  "e7b1c2d4-1111-4222-8333-444455556666",
  "a skeleton key for the password manager",
  "a basic understanding of the bearer certificate",
  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "git@github.com:owner/name.git",
  "npm_config_registry is read from .npmrc, cookies are not",
  "src/auth/token.ts:12:3 expected ')'",
  "the key sk- is a prefix, ghp_ another",
  "see RFC 6750 (bearer tokens) and BEGIN CERTIFICATE",
  "mailto:someone@example.org or http://localhost:8080/a?b=c",
])("%p stays", (text) => {
  expect(redact(text)).toBe(text);
});

test("names that say it", () => {
  expect(["apiKey", "OPENAI_API_KEY", "set-cookie", "passwd"].map(isSecretName)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["sessionId", "path", "keys", "author"].map(isSecretName)).toEqual([false, false, false, false]);
});

test.each([
  "a".repeat(200_000),
  "a.".repeat(100_000),
  "token".repeat(40_000),
  "token ".repeat(40_000),
  "://".repeat(70_000),
  "https://".repeat(25_000),
  "-----BEGIN ".repeat(18_000),
  "-----BEGIN A-----".repeat(12_000),
  'password="'.repeat(20_000),
  "eyJaaaaaaaaa.".repeat(15_000),
  "bearer ".repeat(30_000),
])("a text made to be slow is not (%#)", (text) => {
  const before = performance.now();
  redact(text);
  expect(performance.now() - before).toBeLessThan(250);
});
