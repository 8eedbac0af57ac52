import { type ModelFrame, type ProviderKind, providerSchema } from "@millrace/core/contract";
import type { ModelCall } from "../../edge/gateway/exchange/model-call.ts";
import { providerRegistry } from "../../edge/gateway/providers/registry.ts";
import { fixtureUsage, sseEvent } from "./provider-fixture.ts";
import { chatCall, scriptedService, type SentRequest, type ServiceAnswer } from "./scripted-service.ts";

type Json = Record<string, unknown>;

/** One adapter, and what its service gets and answers. */
export interface Called {
  /** The only request that left the adapter. */
  readonly sent: SentRequest;
  readonly body: Json;
  readonly frames: readonly ModelFrame[];
}

export interface CallOnce {
  readonly kind: ProviderKind;
  readonly model?: string;
  readonly provider?: Json;
  readonly fields: Json;
  readonly surface?: ModelCall["surface"];
  readonly answer?: ServiceAnswer;
  readonly stream?: boolean;
  /** What the caller wrote, where its bytes matter. */
  readonly text?: string;
}

/** A whole chat answer that says this. */
export function said(content: string, more: Json = {}): ServiceAnswer {
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop", ...more };
  const head = { id: "1", object: "chat.completion", created: 1_763_800_000, model: "m" };
  return {
    headers: { "content-type": "application/json" },
    chunks: [JSON.stringify({ ...head, choices: [choice], usage: fixtureUsage })],
  };
}

/** A stream of chunks with these choices, each in a read of its own. */
export function streamed(...choices: readonly Json[]): ServiceAnswer {
  const head = { id: "1", object: "chat.completion.chunk", created: 1_763_800_000, model: "m" };
  return {
    headers: { "content-type": "text/event-stream" },
    chunks: [
      ...choices.map((choice) => sseEvent({ ...head, choices: [{ index: 0, finish_reason: null, ...choice }] })),
      "data: [DONE]\n\n",
    ],
  };
}

/** Sends one request through an adapter. */
export async function callOnce(request: CallOnce): Promise<Called> {
  const { kind, fields, surface = "chat", stream = false } = request;
  const adapter = providerRegistry[kind];
  const provider = providerSchema.parse({ name: "under-test", kind, ...request.provider });
  const target = { provider, model: request.model ?? "some-model", tier: adapter.tier };
  const usual = stream ? streamed({ delta: {}, finish_reason: "stop" }) : said("ok");
  const service = scriptedService(request.answer ?? usual, { secret: "key-0123456789abcdef" });
  const call = { ...chatCall(target, fields, { stream }), surface };
  const answer = await adapter.call(request.text === undefined ? call : { ...call, text: request.text }, service.deps);
  const frames: ModelFrame[] = [];
  if (answer.kind === "stream") {
    frames.push(...answer.first);
    for (let batch = await answer.rest.next(); batch !== undefined; batch = await answer.rest.next())
      frames.push(...batch);
  }
  const [sent, ...others] = service.sent;
  if (sent === undefined || others.length > 0) throw new Error(`${service.sent.length} requests left the adapter`);
  return { sent, body: answer.kind === "whole" ? (answer.body as Json) : {}, frames };
}

/** The text of a stream as its events tell it. */
export function textOf(frames: readonly ModelFrame[]): string {
  return frames
    .flatMap((frame) => frame.events)
    .map((event) => (event.type === "text" ? event.text : ""))
    .join("");
}
