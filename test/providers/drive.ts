import {
  type ModelFrame,
  type Provider,
  type ProviderKind,
  providerSchema,
  type Surface,
} from "@millrace/core/contract";
import { providerRegistry } from "../../edge/gateway/providers/registry.ts";
import { sseEvent } from "./provider-fixture.ts";
import { chatCall, scriptedService, type SentRequest, type ServiceAnswer } from "./scripted-service.ts";

type Json = Record<string, unknown>;

const head = { id: "chatcmpl-1", created: 1_763_800_000, model: "m" };

/** An answer in one piece that says this, with more fields in its choice. */
export function said(content: string, choice: Json = {}): ServiceAnswer {
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop", ...choice }];
  return {
    headers: { "content-type": "application/json" },
    chunks: [JSON.stringify({ ...head, object: "chat.completion", choices })],
  };
}

/** A streamed answer of these choices, each in a chunk of its own. */
export function streamed(...choices: readonly Json[]): ServiceAnswer {
  const chunks = choices.map((choice) =>
    sseEvent({
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }],
    }),
  );
  return { headers: { "content-type": "text/event-stream" }, chunks: [...chunks, "data: [DONE]\n\n"] };
}

/** The text that a stream's events hold. */
export function textOf(frames: readonly ModelFrame[]): string {
  return frames
    .flatMap(({ events }) => events)
    .map((event) => (event.type === "text" ? event.text : ""))
    .join("");
}

export interface Drive {
  readonly kind: ProviderKind;
  readonly fields: Json;
  readonly provider?: Partial<Provider> | Json;
  readonly model?: string;
  readonly surface?: Surface;
  readonly answer?: ServiceAnswer;
  readonly stream?: boolean;
  /** The caller's own bytes, where they are not simply the fields. */
  readonly text?: string;
}

export interface Driven {
  readonly sent: SentRequest;
  /** Of an answer in one piece. */
  readonly body: unknown;
  /** Of a stream. */
  readonly frames: readonly ModelFrame[];
}

/** One call of a kind's adapter against a service that answers as told. */
export async function drive(asked: Drive): Promise<Driven> {
  const adapter = providerRegistry[asked.kind];
  const provider = providerSchema.parse({ name: "under-test", kind: asked.kind, ...asked.provider });
  const target = { provider, model: asked.model ?? "m", tier: adapter.tier };
  const service = scriptedService(asked.answer ?? said("ok"), { secret: "key-0123456789abcdef" });
  const call = chatCall(target, asked.fields, { stream: asked.stream ?? false });
  const text = asked.text ?? call.text;
  const answer = await adapter.call({ ...call, surface: asked.surface ?? "chat", text }, service.deps);
  const [sent] = service.sent;
  if (sent === undefined) throw new Error("nothing was sent");
  if (answer.kind === "whole") return { sent, body: answer.body, frames: [] };
  const frames = [...answer.first];
  for (let batch = await answer.rest.next(); batch !== undefined; batch = await answer.rest.next())
    frames.push(...batch);
  return { sent, body: undefined, frames };
}
