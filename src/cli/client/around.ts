// The session in whose terminal this command was started: what it shows is output of that session.
import { SESSION_MARK } from "../../session/environment.ts";

/** Its id; undefined outside of one. Another daemon's, where COVEN_HOME was changed inside: nobody here knows it. */
export function sessionAround(): string | undefined {
  const id = process.env[SESSION_MARK];
  return id !== undefined && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
}
