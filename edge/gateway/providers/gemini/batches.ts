import { MillraceError, type Provider } from "@millrace/core/contract";
import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";
import type { BatchApi, BatchInput, BatchLink, BatchResult, BatchState, ReadAt } from "../batch-api.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { garbage } from "../native-wire/post-native.ts";
import { toldResult } from "../native-wire/told-result.ts";
import { buildRequest } from "./build-request.ts";
import { mapErrorEvent } from "./map-failure.ts";
import { readWhole } from "./read-whole.ts";

/** `BATCH_STATE_…`, and `JOB_STATE_…` in older answers. */
const OVER = /_(?:SUCCEEDED|FAILED|CANCELLED|EXPIRED)$/;
const BATCH_NAME = /^batches\/[\w-]+$/;
const FILE_NAME = /^files\/[\w-]+$/;
const REQUESTS_TYPE = "application/jsonl";
/** What gRPC's codes are in HTTP; all others are 500. https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const httpStatuses: ReadonlyMap<unknown, number> = new Map([
  [3, 400],
  [4, 504],
  [5, 404],
  [7, 403],
  [8, 429],
  [9, 400],
  [11, 400],
  [14, 503],
  [16, 401],
]);

/** Files go up and come down beside the API's own paths. */
function besideOf(provider: Provider, way: "upload" | "download"): string {
  const { origin, pathname } = new URL(addressOf(provider));
  return `${origin}/${way}${pathname}`;
}

/** A name that an answer gave becomes a part of an address. @throws MillraceError `upstream-garbage` when it could not. */
function nameOf(value: unknown, pattern: RegExp): string {
  const name = asText(value);
  if (name === undefined || !pattern.test(name)) throw garbage("a name of another form");
  return name;
}

async function ask(link: BatchLink, path: string, init?: RequestInit): Promise<Fields> {
  const headers = { "content-type": "application/json" };
  const response = await link.send(`${addressOf(link.provider)}/${path}`, { ...init, headers });
  return asFields(await response.json()) ?? {};
}

function stateOf(operation: Fields): BatchState {
  const id = nameOf(operation["name"], BATCH_NAME);
  const metadata = asFields(operation["metadata"]);
  const isOver = operation["done"] === true || OVER.test(asText(metadata?.["state"]) ?? "");
  const output = asFields(operation["response"]) ?? asFields(metadata?.["output"]);
  const file = output?.["responsesFile"];
  return { id, isOver, results: file === undefined ? [] : [nameOf(file, FILE_NAME)] };
}

function toldOf(line: Fields, { model, nowMs }: ReadAt): BatchResult["told"] | undefined {
  const context = { secret: undefined, trustCodes: false, nowMs };
  const status = asFields(line["error"]);
  if (status !== undefined) {
    const code = httpStatuses.get(status["code"]) ?? status["code"];
    return { kind: "error", error: mapErrorEvent({ error: { ...status, code } }, context) };
  }
  const response = asFields(line["response"]);
  if (response === undefined) return undefined;
  const choices = Math.max(1, asList(response["candidates"]).length);
  const { body } = readWhole(JSON.stringify(response), { ...context, wantsUsage: true, choices, model });
  return { kind: "answer", status: 200, body };
}

/** The first of two calls says what comes; its answer names the address that takes it. */
async function beginUpload(link: BatchLink, name: string, { bytes }: BatchInput): Promise<string> {
  const response = await link.send(`${besideOf(link.provider, "upload")}/files`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-goog-upload-protocol": "resumable",
      "x-goog-upload-command": "start",
      "x-goog-upload-header-content-length": String(bytes),
      "x-goog-upload-header-content-type": REQUESTS_TYPE,
    },
    body: JSON.stringify({ file: { display_name: name } }),
  });
  const url = response.headers.get("x-goog-upload-url");
  await response.body?.cancel();
  if (url === null) throw garbage("no address to upload to");
  // The key would go there as well.
  if (new URL(url).origin !== new URL(addressOf(link.provider)).origin)
    throw new MillraceError("upstream-rejected", { message: "The address to upload to is on another origin." });
  return url;
}

/** The Batch API of the Gemini API. https://ai.google.dev/gemini-api/docs/batch-api */
export const geminiBatches: BatchApi = {
  surfaces: new Set(["chat"]),
  frame: { head: "", between: "\n", tail: "\n" },
  offeredBy: () => true,
  headers: ({ secret }) => (secret === undefined ? {} : { "x-goog-api-key": secret }),
  requestOf: (call, { n }) => JSON.stringify({ key: String(n), request: buildRequest(call) }),
  async upload(order, link) {
    const input = await order.open();
    const url = await beginUpload(link, order.name, input);
    const { readable, writable } = new FixedLengthStream(input.bytes);
    const headers = { "x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize" };
    const sent = link.send(url, { method: "POST", headers, body: readable }, true);
    const [response] = await Promise.all([sent, input.body.pipeTo(writable).catch(() => undefined)]);
    return nameOf(asFields(asFields(await response.json())?.["file"])?.["name"], FILE_NAME);
  },
  async create({ name, model }, inputId, link) {
    const body = JSON.stringify({ batch: { display_name: name, input_config: { file_name: inputId } } });
    return stateOf(
      await ask(link, `models/${encodeURIComponent(model)}:batchGenerateContent`, { method: "POST", body }),
    );
  },
  async find({ name }, _, link) {
    const found = asList((await ask(link, "batches?pageSize=100"))["operations"])
      .map((each) => asFields(each) ?? {})
      .find((operation) => asFields(operation["metadata"])?.["displayName"] === name);
    return found && { state: stateOf(found), isCertain: true };
  },
  async read(id, link) {
    return stateOf(await ask(link, nameOf(id, BATCH_NAME)));
  },
  async cancel(id, link) {
    await ask(link, `${nameOf(id, BATCH_NAME)}:cancel`, { method: "POST" });
  },
  async results(result, link) {
    const url = `${besideOf(link.provider, "download")}/${nameOf(result, FILE_NAME)}:download?alt=media`;
    return (await link.send(url, {}, true)).body as ReadableStream<Uint8Array>;
  },
  readResult(line, at) {
    const n = Number(asText(line["key"]) ?? Number.NaN);
    return Number.isNaN(n) ? undefined : toldResult(n, () => toldOf(line, at));
  },
  leftovers({ inputId, state }, provider) {
    return [inputId, ...(state?.results ?? []), state?.id].flatMap((name) =>
      name === undefined ? [] : `${addressOf(provider)}/${name}`,
    );
  },
};
