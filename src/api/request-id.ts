// The id of the request being answered: made only when somebody asks for it, since most requests leave no trace.
// Handlers are synchronous (decision 0001), so at any moment at most one request is being answered.

/** One per process, so that ids of two daemons in one log differ. */
const boot = crypto.randomUUID().slice(0, 8);
let made = 0;
let answering = false;
let id: string | undefined;

/** From here on `requestId` is that of a new request. */
export function beginRequest(): void {
  answering = true;
  id = undefined;
}

/** The request has its answer; what is written from here on belongs to none. */
export function endRequest(): void {
  answering = false;
  id = undefined;
}

/** The id of the request being answered, made now if it had none; outside of one, an id of its own. */
export function requestId(): string {
  if (id !== undefined) return id;
  made += 1;
  const fresh = `${boot}-${made}`;
  if (answering) id = fresh;
  return fresh;
}

/** The id of the request being answered if it was asked for: then a line of the log has it, and the answer should. */
export function writtenRequestId(): string | undefined {
  return id;
}

/** What every line of the log says beside its own fields: the request it was written for, where there is one. */
export function requestContext(): Readonly<Record<string, unknown>> {
  return answering ? { requestId: requestId() } : {};
}
