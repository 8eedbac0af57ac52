import { type JsonObject, type MillraceError, newId, renderOpenAiError } from "@millrace/core/contract";
import { sha256Hex } from "@millrace/core/content";
import type { FileStore } from "../../files/file-store.ts";
import { asFields, type Fields } from "../../json/vendor-json.ts";
import type { PipelineDeps } from "../../pipeline/pipeline-deps.ts";
import type { BatchApi, BatchResult } from "../../providers/batch-api.ts";
import { summariseWhole } from "../../stream/summarise-whole.ts";
import { formerAdmission } from "../admit-key.ts";
import type { AskDeps } from "../ask-line.ts";
import type { BatchBook } from "../batch-book.ts";
import type { BatchRecord, NativeBatch } from "../batch-record.ts";
import { type BatchLine, readLine } from "../read-line.ts";
import { answeredLine, lineId } from "../result-line.ts";
import { isNativeEndpoint, resolveLine } from "./resolve-line.ts";

export interface BookResultDeps extends Pick<AskDeps, "pipeline" | "keepAlive"> {
  readonly book: BatchBook;
  readonly files: FileStore;
  readonly nowMs: () => number;
}

interface Booked {
  readonly native: NativeBatch;
  readonly record: BatchRecord;
}

interface Answer {
  readonly status: number;
  /** In OpenAI's form. JSON text. */
  readonly text: string;
  /** Undefined = the provider had no answer, but an error. */
  readonly body: JsonObject | undefined;
  readonly error: MillraceError | undefined;
}

/** What the caller is told; undefined = a second try may help, and the line is asked by itself. */
function answerOf({ told }: BatchResult): Answer | undefined {
  if (told.kind === "error") {
    const { error } = told;
    const text = JSON.stringify(renderOpenAiError(error));
    return error.retryable ? undefined : { status: error.status, text, body: undefined, error };
  }
  const { status, body } = told;
  return { status, text: JSON.stringify(body), body, error: undefined };
}

function fieldsOf(text: string): Fields | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The id of a line's trace: the same however often it is made. */
function traceIdOf(batch: BatchRecord["batch"], n: number): string {
  const random = sha256Hex(`${batch.id} ${n}`).match(/../g) ?? [];
  return newId("trace", {
    nowMs: batch.created_at * 1000,
    random: Uint8Array.from(random, (byte) => Number.parseInt(byte, 16)),
  });
}

/** The trace and the settlement of a line that its provider answered in a batch of its own. */
async function traceAnswer(
  of: Booked & { readonly n: number; readonly line: BatchLine; readonly answer: Answer },
  { pipeline, keepAlive }: BookResultDeps,
): Promise<string> {
  const { native, record, n, line, answer } = of;
  const { batch, identity } = record;
  const traceId = traceIdOf(batch, n);
  const admission = await formerAdmission(identity, keepAlive, pipeline);
  if (admission === undefined || !isNativeEndpoint(batch.endpoint)) return traceId;
  const once: PipelineDeps = { ...pipeline, newTraceId: () => traceId };
  const asked = { batchId: batch.id, endpoint: batch.endpoint, line, admission };
  const { run, prepared } = await resolveLine(asked, { pipeline: once, keepAlive });
  const target = prepared.resolution.candidates.find(
    (candidate) => candidate.provider.name === native.provider && candidate.model === native.model,
  );
  const { status, body, error } = answer;
  const counted = body && summariseWhole(prepared.resolution.surface, body);
  const usage = counted?.usage && { ...counted.usage, serviceTier: "batch" };
  const isOk = status < 400;
  // It was answered already: what a budget of today says cannot undo it.
  await run
    .hold(prepared)
    ?.confirm()
    .catch(() => undefined);
  if (target !== undefined) {
    run.attempts.begin();
    run.attempts.add({
      target,
      secretName: native.secretName,
      kind: "first",
      outcome: isOk ? "ok" : "failed",
      errorCode: isOk ? undefined : (error?.code ?? "upstream-rejected"),
      httpStatus: status,
      startedAtMs: run.timeline.startedAtMs,
      firstTokenMs: undefined,
      receivedChars: 0,
      usage,
    });
    if (isOk) run.attempts.answers(target);
  }
  await run.conclude(prepared, {
    status: isOk ? "ok" : "error",
    httpStatus: status,
    error,
    summary: counted && { ...counted, usage },
    firstTokenMs: undefined,
  });
  return traceId;
}

/** Books one line of a provider's results. What no answer came for stays open. */
export async function bookResult(
  text: string,
  { native, record, api }: Booked & { readonly api: BatchApi },
  deps: BookResultDeps,
): Promise<void> {
  const { book, files, nowMs } = deps;
  const { batch, identity } = record;
  const line = fieldsOf(text);
  const result = line && api.readResult(line, { name: batch.id, model: native.model, nowMs: nowMs() });
  const answer = result && answerOf(result);
  const place = result && book.line(result.n);
  if (answer === undefined || place === undefined) return;
  const range = { offset: place.start, length: place.length };
  const asked = await new Response(await files.content(identity, batch.input_file_id, range)).text();
  const verdict = readLine(asked, batch.endpoint);
  if (!verdict.ok) return;
  const requestId = await traceAnswer({ native, record, n: place.n, line: verdict.line, answer }, deps);
  const named = { id: lineId(batch.id, place.n), customId: place.customId };
  const { status, text: body } = answer;
  book.finish(place.n, status < 400 ? "completed" : "failed", answeredLine(named, { status, requestId, body }));
}
