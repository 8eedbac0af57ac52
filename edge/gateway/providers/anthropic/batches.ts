import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";
import type { BatchApi, BatchLink, BatchResult, BatchState } from "../batch-api.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { JSON_TOOL } from "../native-wire/json-tool.ts";
import { garbage } from "../native-wire/post-native.ts";
import { toldResult } from "../native-wire/told-result.ts";
import { sizedBody } from "../native-wire/sized-body.ts";
import { unsupported } from "../native-wire/refuse-fields.ts";
import { authenticate } from "./authenticate.ts";
import { buildRequest } from "./build-request.ts";
import { mapErrorEvent } from "./map-failure.ts";
import { readWhole } from "./read-whole.ts";

/** Its clock may be behind ours. */
const CLOCK_SLACK_MS = 60_000;

/** Around a request's place: what tells that a result is one of this order's. */
const idOf = (name: string, n: number): string => `${name}-${n}`;

function batchesOf({ provider }: Pick<BatchLink, "provider">): string {
  return `${addressOf(provider)}/messages/batches`;
}

async function ask(link: BatchLink, url: string, init?: RequestInit): Promise<Fields> {
  const answer = asFields(await (await link.send(url, init)).json());
  if (answer === undefined) throw garbage("something that is no batch");
  return answer;
}

function stateOf(batch: Fields): BatchState {
  const [id, status] = [asText(batch["id"]), asText(batch["processing_status"])];
  if (id === undefined || status === undefined) throw garbage("a batch without id or status");
  // Its `results_url` says the same; an address that an answer names is not one to send a key to.
  return { id, isOver: status === "ended", results: [`${id}/results`] };
}

function sizeOf(batch: Fields): number {
  const counts = Object.values(asFields(batch["request_counts"]) ?? {});
  return counts.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0);
}

/** An answer's input to our own tool is its text: the request that said so is not at hand, but the tool's name is. */
function isByTool(message: Fields): boolean {
  return asList(message["content"]).some((block) => asFields(block)?.["name"] === JSON_TOOL);
}

function toldOf(result: Fields, nowMs: number): BatchResult["told"] | undefined {
  switch (result["type"]) {
    case "succeeded": {
      const message = asFields(result["message"]) ?? {};
      const { body } = readWhole(JSON.stringify(message), { nowMs, answersByTool: isByTool(message) });
      return { kind: "answer", status: 200, body };
    }
    case "errored": {
      const context = { secret: undefined, trustCodes: false, nowMs };
      return { kind: "error", error: mapErrorEvent(asFields(result["error"]) ?? {}, context) };
    }
    // Cancelled or expired: never asked, never billed.
    default:
      return undefined;
  }
}

/** Anthropic's Message Batches: the requests travel with the order. https://platform.claude.com/docs/en/build-with-claude/batch-processing */
export const anthropicBatches: BatchApi = {
  surfaces: new Set(["chat"]),
  frame: { head: '{"requests":[', between: ",", tail: "]}" },
  offeredBy: () => true,
  headers: ({ secret }) => authenticate(secret, []),
  requestOf(call, { name, n }) {
    const { body, betas } = buildRequest(call);
    if (betas.length > 0)
      throw unsupported("provider_options.anthropic.betas", "Anthropic", "a batch has one header for all its requests");
    return JSON.stringify({ custom_id: idOf(name, n), params: body });
  },
  async create(order, _, link) {
    const body = sizedBody("", await order.open(), "");
    const headers = { "content-type": "application/json" };
    const sent = link.send(batchesOf(link), { method: "POST", headers, body: body.readable }, true);
    const [response] = await Promise.all([sent, body.fill().catch(() => undefined)]);
    return stateOf(asFields(await response.json()) ?? {});
  },
  /** A batch has no name of ours. One of the same size that is no older may be it; its results will tell. */
  async find(order, _, link) {
    const { data } = await ask(link, `${batchesOf(link)}?limit=100`);
    const found = asList(data)
      .map((each) => asFields(each) ?? {})
      .filter((batch) => {
        const createdAtMs = Date.parse(asText(batch["created_at"]) ?? "");
        return sizeOf(batch) === order.lines && createdAtMs >= order.sinceMs - CLOCK_SLACK_MS;
      });
    const [only] = found;
    return found.length !== 1 || only === undefined ? undefined : { state: stateOf(only), isCertain: false };
  },
  async read(id, link) {
    return stateOf(await ask(link, `${batchesOf(link)}/${encodeURIComponent(id)}`));
  },
  async cancel(id, link) {
    await ask(link, `${batchesOf(link)}/${encodeURIComponent(id)}/cancel`, { method: "POST" });
  },
  async results(result, link) {
    const [id = ""] = result.split("/");
    const url = `${batchesOf(link)}/${encodeURIComponent(id)}/results`;
    return (await link.send(url, {}, true)).body as ReadableStream<Uint8Array>;
  },
  readResult(line, { name, nowMs }) {
    const id = asText(line["custom_id"]) ?? "";
    const n = Number(id.slice(name.length + 1));
    const result = asFields(line["result"]);
    if (result === undefined || id !== idOf(name, n)) return undefined;
    return toldResult(n, () => toldOf(result, nowMs));
  },
  leftovers: ({ state }, provider) =>
    state === undefined ? [] : [`${batchesOf({ provider })}/${encodeURIComponent(state.id)}`],
};
