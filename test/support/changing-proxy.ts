// Stands between a client and a real daemon, byte by byte, and changes one of its answers: a daemon that is right but in one thing.
import { connect, createServer, type Server } from "node:net";

/** What is changed: the answer to requests whose first line matches. */
export interface Change {
  readonly line: RegExp;
  /** Gets status line and headers, and the body; the length is put right afterwards. */
  change(head: string, body: string): readonly [head: string, body: string];
}

export interface ChangingProxy extends AsyncDisposable {
  /** How many answers were changed. */
  changed(): number;
}

/** Listens on `socket` and passes everything on to `daemon`. */
export async function changingProxy(
  socket: string,
  daemon: string,
  { line, change }: Change,
): Promise<ChangingProxy> {
  let changed = 0;
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: daemon, allowHalfOpen: true });
    let asked: string | undefined;
    let held = "";
    let passes = false;
    const give = (): void => {
      const end = held.indexOf("\r\n\r\n");
      if (end === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(held.slice(0, end))?.[1]);
      const body = Buffer.from(held.slice(end + 4), "latin1");
      if (body.length < length) return;
      const [head, text] = change(held.slice(0, end), body.toString());
      const right = head.replace(/(content-length: )\d+/i, `$1${Buffer.byteLength(text)}`);
      client.write(`${right}\r\n\r\n${text}`);
      changed += 1;
      held = "";
      asked = undefined;
    };
    client.on("data", (data) => {
      asked ??= data.toString().split("\r\n")[0];
      passes = !line.test(asked ?? "");
      upstream.write(data);
    });
    upstream.on("data", (data: Buffer) => {
      if (passes) {
        client.write(data);
        // The next request of a kept connection is looked at again.
        asked = undefined;
      } else {
        held += data.toString("latin1");
        give();
      }
    });
    client.on("end", () => upstream.end());
    upstream.on("end", () => client.end());
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((ready) => server.listen(socket, ready));
  return {
    changed: () => changed,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
