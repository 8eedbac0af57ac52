import { errorFields, type Log } from "@millrace/core/log";
import type { QueueBatch, QueueMessage } from "../ingest/consume-traces.ts";
import type { Query } from "../ingest/query.ts";
import { retryDelaySeconds, SPILL_AFTER_ATTEMPTS } from "../ingest/retry-delay.ts";
import { type ExportName, exportNameSchema } from "./export-name.ts";
import { exportRequest } from "./otlp.ts";
import type { PostOutcome } from "./post-otlp.ts";
import { type ExportedTrace, readExports } from "./read-exports.ts";
import { traceSpans } from "./trace-spans.ts";

/** Traces read at once: with the largest content 3 MB. */
const READ_AT_ONCE = 25;
/** Of one request: collectors take 4 MB (gRPC gateways) or 20 MB (the OpenTelemetry Collector over HTTP) by default. */
export const MAX_REQUEST_CHARS = 2_000_000;

export interface ExportDeps {
  readonly query: Query;
  readonly content: boolean;
  readonly post: (body: string) => Promise<PostOutcome>;
  /** Sends names as new messages, whose retries begin anew; throws when the queue is away. */
  readonly requeue: (names: readonly ExportName[]) => Promise<void>;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

interface Named {
  readonly source: QueueMessage;
  readonly name: ExportName;
}

interface Encoded extends Named {
  readonly spans: string;
}

/** Away: the rest of the batch waits as well. */
type Progress = { readonly away: false } | { readonly away: true; readonly retryAfterS: number | undefined };
const GOING_ON: Progress = { away: false };

/**
 * One batch of the telemetry queue: reads the traces behind the names and sends them to the operator's collector. At least once: a message is
 * acknowledged when its trace was taken, or can never be. Never throws.
 */
export async function consumeExports(batch: QueueBatch, deps: ExportDeps | undefined): Promise<void> {
  const named: Named[] = [];
  for (const source of batch.messages) {
    const name = exportNameSchema.safeParse(source.body);
    // Nobody exports any more, or it is no name: the trace itself is in Postgres.
    if (deps === undefined || !name.success) source.ack();
    else named.push({ source, name: name.data });
  }
  if (deps === undefined) return;
  let progress: Progress = GOING_ON;
  for (let start = 0; start < named.length; start += READ_AT_ONCE) {
    const group = named.slice(start, start + READ_AT_ONCE);
    if (progress.away) await putOff(group, progress.retryAfterS, deps);
    else progress = await exportGroup(group, deps);
  }
}

async function exportGroup(group: readonly Named[], deps: ExportDeps): Promise<Progress> {
  let traces: readonly ExportedTrace[];
  try {
    traces = await readExports(
      group.map(({ name }) => name),
      deps,
    );
  } catch (error) {
    deps.log("warn", "export-traces-away", { count: group.length, ...errorFields(error) });
    await putOff(group, undefined, deps);
    return { away: true, retryAfterS: undefined };
  }
  const byId = new Map(traces.map((trace) => [trace.id, trace]));
  let open: Encoded[] = [];
  for (const item of group) {
    const trace = byId.get(item.name.trace_id);
    // Retention was faster than the collector.
    if (trace === undefined) item.source.ack();
    else
      open.push({
        ...item,
        spans: traceSpans(trace)
          .map((span) => JSON.stringify(span))
          .join(","),
      });
  }
  while (open.length > 0) {
    const count = fitting(open);
    const { waiting, retryAfterS } = await send(open.slice(0, count), deps);
    open = open.slice(count);
    if (waiting.length === 0) continue;
    await putOff([...waiting, ...open], retryAfterS, deps);
    return { away: true, retryAfterS };
  }
  return GOING_ON;
}

/** How many of the first fit into one request; one that is too large alone goes alone. */
function fitting(items: readonly Encoded[]): number {
  let chars = 0;
  const end = items.findIndex(({ spans }) => (chars += spans.length) > MAX_REQUEST_CHARS);
  return end === -1 ? items.length : Math.max(1, end);
}

interface Sent {
  /** Not taken, because the collector is away. */
  readonly waiting: readonly Encoded[];
  readonly retryAfterS: number | undefined;
}

/** When a request is refused, halves it until the one at fault stands alone; that one is given up, and stays in Postgres. */
async function send(items: readonly Encoded[], deps: ExportDeps): Promise<Sent> {
  const outcome = await deps.post(exportRequest(items.map(({ spans }) => spans)));
  if (outcome.kind === "away") {
    const { retryAfterS, status } = outcome;
    deps.log("warn", "export-away", { count: items.length, ...(status === undefined ? {} : { status }) });
    return { waiting: items, retryAfterS };
  }
  if (outcome.kind === "refused" && items.length > 1 && mayBeOneOf(outcome.status)) {
    const middle = Math.ceil(items.length / 2);
    const first = await send(items.slice(0, middle), deps);
    if (first.waiting.length > 0) return { ...first, waiting: [...first.waiting, ...items.slice(middle)] };
    return send(items.slice(middle), deps);
  }
  if (outcome.kind === "refused") deps.log("error", "export-refused", { count: items.length, status: outcome.status });
  else if (outcome.rejectedSpans > 0) deps.log("error", "export-partly-refused", { count: outcome.rejectedSpans });
  else deps.log("info", "export-batch", { count: items.length });
  for (const { source } of items) source.ack();
  return { waiting: [], retryAfterS: undefined };
}

/** Too large, or malformed: perhaps not all of them. */
function mayBeOneOf(status: number): boolean {
  return status === 400 || status === 413 || status === 422;
}

async function putOff(items: readonly Named[], retryAfterS: number | undefined, deps: ExportDeps): Promise<void> {
  for (const { source, name } of items) {
    if (source.attempts >= SPILL_AFTER_ATTEMPTS && (await begunAnew(name, deps))) source.ack();
    else source.retry({ delaySeconds: retryAfterS ?? retryDelaySeconds(source.attempts, deps.random()) });
  }
}

async function begunAnew(name: ExportName, deps: ExportDeps): Promise<boolean> {
  try {
    await deps.requeue([name]);
    return true;
  } catch (error) {
    deps.log("warn", "export-queue-away", errorFields(error));
    return false;
  }
}
