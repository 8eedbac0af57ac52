import { MAX_BODY_BYTES } from "@millrace/core/contract";
import type { Admission } from "../../exchange/admission.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import { ObjectWriter } from "../../files/object-writer.ts";
import type { FileStore } from "../../files/file-store.ts";
import type { BatchApi } from "../../providers/batch-api.ts";
import { providerRegistry } from "../../providers/registry.ts";
import { admitKey } from "../admit-key.ts";
import type { AskDeps } from "../ask-line.ts";
import type { BatchRecord } from "../batch-record.ts";
import { readLine } from "../read-line.ts";
import { readLines } from "../read-lines.ts";
import { isNativeEndpoint, type NativeEndpoint, nativeDialects, resolveLine } from "./resolve-line.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface StageDeps extends Pick<AskDeps, "pipeline" | "keepAlive"> {
  readonly bucket: R2Bucket;
  readonly files: FileStore;
}

/** Requests as one provider takes them, in the bucket. */
export interface StagedRequests {
  readonly target: PlannedTarget;
  readonly api: BatchApi;
  readonly lines: number;
}

/** The batch API of a target's provider, where it has one for this endpoint. */
function batchApiOf({ provider }: PlannedTarget, endpoint: NativeEndpoint): BatchApi | undefined {
  const api = providerRegistry[provider.kind].batches;
  if (api === undefined || !api.surfaces.has(nativeDialects[endpoint].surface)) return undefined;
  return api.offeredBy(provider) ? api : undefined;
}

interface Source {
  readonly record: BatchRecord;
  readonly endpoint: NativeEndpoint;
  readonly admission: Admission;
}

/** Writes one request after the other; undefined as soon as one of them cannot go with the others. */
async function writeRequests(
  writer: ObjectWriter,
  { record: { batch, identity }, endpoint, admission }: Source,
  deps: StageDeps,
): Promise<StagedRequests | undefined> {
  let first: { readonly target: PlannedTarget; readonly api: BatchApi } | undefined;
  let lines = 0;
  for await (const { bytes } of readLines(await deps.files.content(identity, batch.input_file_id), MAX_BODY_BYTES)) {
    const text = decoder.decode(bytes).trim();
    if (text === "") continue;
    const verdict = readLine(text, endpoint);
    if (!verdict.ok) return undefined;
    const asked = { batchId: batch.id, endpoint, line: verdict.line, admission };
    const { resolution } = (await resolveLine(asked, deps)).prepared;
    const [target] = resolution.candidates;
    const api = batchApiOf(target, endpoint);
    if (api === undefined) return undefined;
    first ??= { target, api };
    if (target.provider.name !== first.target.provider.name || target.model !== first.target.model) return undefined;
    const request = api.requestOf(resolution.callFor(target), { name: batch.id, endpoint, n: lines });
    await writer.write(encoder.encode((lines === 0 ? api.frame.head : api.frame.between) + request));
    lines += 1;
  }
  if (first !== undefined) await writer.write(encoder.encode(first.api.frame.tail));
  return first && { ...first, lines };
}

/**
 * Writes a batch's lines as the provider of all of them takes them; undefined where they cannot be handed over as one.
 * @throws MillraceError for a line that its provider cannot answer in a batch.
 */
export async function stageRequests(
  record: BatchRecord,
  key: string,
  deps: StageDeps,
): Promise<StagedRequests | undefined> {
  const { endpoint } = record.batch;
  const admission = await admitKey(record.identity, deps.keepAlive, deps.pipeline);
  if (admission === undefined || record.onlyModel === undefined || !isNativeEndpoint(endpoint)) return undefined;
  // A budget that may refuse is asked for each line, before it is sent.
  if (admission.config.bundle.budgets.some((budget) => budget.on_exceed === "block")) return undefined;
  const writer = new ObjectWriter(deps.bucket, key);
  try {
    const written = await writeRequests(writer, { record, endpoint, admission }, deps);
    if (written === undefined) await writer.abort();
    else await writer.finish();
    return written;
  } catch (cause) {
    await writer.abort();
    throw cause;
  }
}
