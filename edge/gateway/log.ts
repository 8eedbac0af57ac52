import { type Log, logLine } from "@millrace/core/log";

/** Writes one line of JSON to the Worker's log; see `core/log` for why it cannot hold a body, a key or a secret. */
export const log: Log = (level, name, fields = {}) => {
  // oxlint-disable-next-line no-console -- the console is the log of a Worker
  console[level](logLine(new Date(), level, { name, fields }));
};
