import type { TraceMessage } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { type ExportName, exportName } from "../telemetry/export-name.ts";
import { classifyFault } from "./classify-fault.ts";
import { type BodyStore, MAX_STORED_BODIES_BYTES, placeBodies } from "./place-bodies.ts";
import { MAX_STATEMENT_BYTES, parameterBytes, type Query } from "./query.ts";
import { STORE_TRACES, storableRow } from "./store-statement.ts";

export interface IngestDeps {
  readonly query: Query;
  readonly bodies: BodyStore;
  /** Notes that these traces, which Postgres holds now, are to be exported; throws when they cannot be noted. */
  readonly exportLater: (names: readonly ExportName[]) => Promise<void>;
  readonly log: Log;
}

/** Every item comes back in exactly one of the three. */
export interface IngestResult<T> {
  /** Postgres holds them. */
  readonly stored: readonly T[];
  /** They alone cannot be stored, for their own reason. */
  readonly guilty: readonly { readonly item: T; readonly reason: string }[];
  /** Nothing is wrong with them; Postgres or R2 was away. */
  readonly away: readonly T[];
}

interface PreparedRow<T> {
  readonly item: T;
  readonly json: string;
  readonly bytes: number;
  readonly superfluousKey: string | undefined;
}

/** Stores messages in as few statements as their size allows; idempotent. Never throws. */
export async function ingestTraces<T extends { readonly message: TraceMessage }>(
  items: readonly T[],
  deps: IngestDeps,
): Promise<IngestResult<T>> {
  const run = new IngestRun<T>(deps);
  for (const item of items) await run.take(item);
  return run.finish();
}

/** The row with its bodies, where they came with the message and Postgres takes them: nearly always. */
function wholeRow({ record, bodies }: TraceMessage): string | undefined {
  if (bodies === null) return undefined;
  const json = storableRow(record, { bodies });
  return json.length <= MAX_STORED_BODIES_BYTES ? json : undefined;
}

/** One call's state: the open group of rows, and the fates so far. Rows are prepared one by one, so a group bounds memory. */
class IngestRun<T extends { readonly message: TraceMessage }> {
  readonly #deps: IngestDeps;
  readonly #stored: T[] = [];
  readonly #guilty: { item: T; reason: string }[] = [];
  readonly #away: T[] = [];
  #group: PreparedRow<T>[] = [];
  #groupBytes = 0;
  /** Set by the first statement that finds no database; the rest of the run does not ask again. */
  #down = false;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
  }

  async take(item: T): Promise<void> {
    const row = this.#down ? undefined : await this.#prepare(item);
    if (row === undefined) {
      this.#away.push(item);
      return;
    }
    if (row.bytes > MAX_STATEMENT_BYTES) {
      this.#guilty.push({
        item,
        reason: `the record takes ${row.bytes} bytes; a statement takes ${MAX_STATEMENT_BYTES}`,
      });
      return;
    }
    if (this.#groupBytes + row.bytes > MAX_STATEMENT_BYTES) await this.#flush();
    this.#group.push(row);
    this.#groupBytes += row.bytes;
  }

  async finish(): Promise<IngestResult<T>> {
    await this.#flush();
    return { stored: this.#stored, guilty: this.#guilty, away: this.#away };
  }

  async #prepare(item: T): Promise<PreparedRow<T> | undefined> {
    const whole = wholeRow(item.message);
    if (whole !== undefined) return { item, json: whole, bytes: parameterBytes(whole), superfluousKey: undefined };
    try {
      const { placed, superfluousKey } = await placeBodies(item.message, this.#deps.bodies, this.#deps.log);
      const json = storableRow(item.message.record, placed);
      return { item, json, bytes: parameterBytes(json), superfluousKey };
    } catch (error) {
      this.#deps.log("warn", "trace-bodies-away", { trace_id: item.message.record.id, ...errorFields(error) });
      return undefined;
    }
  }

  async #flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#groupBytes = 0;
    await this.#store(group);
  }

  /** When a row is at fault, halves the group until it stands alone: 7 statements more for one bad row in 100. */
  async #store(group: readonly PreparedRow<T>[]): Promise<void> {
    if (group.length === 0) return;
    if (this.#down) {
      this.#away.push(...group.map((row) => row.item));
      return;
    }
    try {
      await this.#deps.query(STORE_TRACES, [`[${group.map((row) => row.json).join(",")}]`]);
    } catch (error) {
      await this.#afterFault(group, error);
      return;
    }
    if (!(await this.#noteExports(group))) return;
    this.#stored.push(...group.map((row) => row.item));
    await this.#deleteSuperfluous(group);
  }

  /** Before anything is acknowledged: a message that comes again is stored once all the same, and noted again. */
  async #noteExports(group: readonly PreparedRow<T>[]): Promise<boolean> {
    try {
      await this.#deps.exportLater(group.map(({ item }) => exportName(item.message.record)));
      return true;
    } catch (error) {
      this.#deps.log("warn", "export-queue-away", { count: group.length, ...errorFields(error) });
      this.#away.push(...group.map((row) => row.item));
      return false;
    }
  }

  async #afterFault(group: readonly PreparedRow<T>[], error: unknown): Promise<void> {
    const fault = classifyFault(error);
    const [first] = group;
    if (fault.kind === "away") {
      this.#down = true;
      this.#deps.log("warn", "ingest-away", { count: group.length, ...errorFields(error) });
      this.#away.push(...group.map((row) => row.item));
    } else if (group.length === 1 && first !== undefined) {
      this.#guilty.push({ item: first.item, reason: fault.reason });
    } else {
      const middle = Math.ceil(group.length / 2);
      await this.#store(group.slice(0, middle));
      await this.#store(group.slice(middle));
    }
  }

  /** Best effort: what stays behind costs a little storage and hurts nobody. */
  async #deleteSuperfluous(group: readonly PreparedRow<T>[]): Promise<void> {
    const keys = group.flatMap((row) => row.superfluousKey ?? []);
    if (keys.length === 0) return;
    try {
      await this.#deps.bodies.delete(keys);
    } catch (error) {
      this.#deps.log("warn", "trace-bodies-not-deleted", { count: keys.length, ...errorFields(error) });
    }
  }
}
