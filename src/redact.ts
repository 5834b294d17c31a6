// Takes values shaped like secrets out of a text, wherever they turn up. For logs and diagnostics.

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";

/** Longer texts are cut before they are searched; a log line holds less anyway. */
const MOST_CHARACTERS = 32 * 1024;

// Every repetition is bounded, so that no text makes the search slower than its length.
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // PEM, to its end or to the end of the text.
  [/-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g, REDACTED],
  // Credentials in a URL.
  [/\b([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s/?#@]{1,512}@/gi, `$1${REDACTED}@`],
  // The header whole, its scheme with it.
  [
    /\b((?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?)(?:[a-z][\w-]{0,20}\s{1,4})?[^\s"',;]{1,4096}/gi,
    `$1${REDACTED}`,
  ],
  // The scheme alone: what follows must look like no word of a sentence ("basic understanding").
  [
    /\b([Bb]earer|[Bb]asic|BEARER|BASIC)\s{1,8}(?=\S{0,64}\d|\S{0,64}[a-z][A-Z]|\S{24})[A-Za-z0-9._~+/=-]{8,}/g,
    `$1 ${REDACTED}`,
  ],
  // OpenAI, Anthropic, Stripe and those who copied them.
  [/\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{8,}/g, REDACTED],
  // GitHub, GitLab, npm, Slack, Google, AWS access key ids, JSON web tokens.
  [/\bgh[pousr]_[A-Za-z0-9]{16,}/g, REDACTED],
  [/\bgithub_pat_[A-Za-z0-9_]{16,}/g, REDACTED],
  [/\bglpat-[A-Za-z0-9_-]{16,}/g, REDACTED],
  [/\bnpm_[A-Za-z0-9]{20,}/g, REDACTED],
  [/\bxox[a-z]-[A-Za-z0-9-]{8,}/g, REDACTED],
  [/\bAIza[A-Za-z0-9_-]{30,}/g, REDACTED],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{0,4096}/g, REDACTED],
  // --name value, as on a command line; a number is a limit, not a secret.
  [
    /(\s--?[\w-]{0,40}(?:secret|token|password|passwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)\s{1,4})(?!-|\d+(?:\s|$)|\[redacted\])(?:"[^"]{0,4096}"?|'[^']{0,4096}'?|[^\s"']{1,4096})/gi,
    `$1${REDACTED}`,
  ],
  // name=value and name: value, where the name says what the value is; `token.ts:12:3` is a place in a file.
  [
    /\b([\w.-]{0,40}(?:secret|token|password|passwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)[\w.-]{0,40}["']?\s{0,4}[:=]\s{0,4})(?:"[^"]{0,4096}"?|'[^']{0,4096}'?|(?!\[redacted\]|\d+:\d+\b)[^\s,;&"']{1,4096})/gi,
    `$1${REDACTED}`,
  ],
];

const SECRET_NAME =
  /secret|token|passw|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|cookie/i;

/** The text with everything shaped like a secret replaced; texts past 32 Ki characters are cut first. */
export function redact(text: string): string {
  let clean = text.length > MOST_CHARACTERS ? text.slice(0, MOST_CHARACTERS) : text;
  for (const [shape, replacement] of SHAPES) clean = clean.replace(shape, replacement);
  return clean;
}

const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{1,40}-----/;
const PEM_END = /-----END [A-Z0-9 ]{1,40}-----/;

/** As `redact`, for a text of any length: line by line, so that its time grows with its length, PEM blocks across lines. */
export function redactAll(text: string): string {
  const clean: string[] = [];
  let within = false;
  for (const line of text.split("\n")) {
    if (within) {
      const end = PEM_END.exec(line);
      if (!end) continue;
      within = false;
      clean.push(redactLong(line.slice(end.index + end[0].length)));
      continue;
    }
    const begin = PEM_BEGIN.exec(line);
    within = begin !== null && !PEM_END.test(line.slice(begin.index));
    clean.push(redactLong(line));
  }
  return clean.join("\n");
}

function redactLong(line: string): string {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > MOST_CHARACTERS) {
    // Cut where no word goes on, so that no secret is halved; a piece without such a place is cut anyway.
    const at = rest.lastIndexOf(" ", MOST_CHARACTERS - 1) + 1 || MOST_CHARACTERS;
    pieces.push(redact(rest.slice(0, at)));
    rest = rest.slice(at);
  }
  return pieces.join("") + redact(rest);
}

/** True when a field of this name holds a secret whatever its shape. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
