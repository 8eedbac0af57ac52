import type { Principal, TraceBodies } from "@millrace/core/contract";
import type { Log } from "@millrace/core/log";
import type { Database } from "../database.ts";
import type { Change, Tenant } from "../stores/tenant.ts";

/** What the control API needs from the world. */
export interface ControlDeps {
  readonly db: Database;
  readonly now: () => Date;
  readonly randomBytes: (count: number) => Uint8Array<ArrayBuffer>;
  /** `host:port` of private places that providers may lie at; ALLOWED_PRIVATE_HOSTS of the gateway. */
  readonly allowedPrivateHosts: readonly string[];
  /** Starts publishing these environments and returns at once (`waitUntil`); what fails is left to the cron sweep. */
  readonly publish: (environmentIds: readonly string[]) => void;
  readonly replayDeadLetters: (projectId: string) => Promise<{ readonly replayed: number; readonly failed: number }>;
  /** Bodies of a trace that lie in R2; null when the object is gone. */
  readonly readBodies: (key: string) => Promise<TraceBodies | null>;
  readonly log: Log;
}

/** One validated request: who, and the path's parameters. */
export interface Call {
  readonly deps: ControlDeps;
  readonly principal: Principal;
  readonly tenant: Tenant;
  /** The tenant with a clock and ids: for what writes. */
  readonly change: Change;
  readonly params: Readonly<Record<string, string>>;
  /** Parsed by the operation's schemas; a handler parses it again with the schema that it knows, to get its type. */
  readonly query: unknown;
  readonly body: unknown;
}

export interface Reply {
  readonly status: 200 | 201 | 204;
  /** JSON; absent for 204. */
  readonly body?: unknown;
  /** Instead of `body`. */
  readonly text?: string;
}

export type Handler = (call: Call) => Promise<Reply>;
/** By operation id of `core/openapi`. */
export type Handlers = Readonly<Record<string, Handler>>;

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const created = (body: unknown): Reply => ({ status: 201, body });

/** A parameter of the path. Routes are made from the same table, so it is there. */
export function param(call: Call, name: string): string {
  return call.params[name] ?? "";
}
