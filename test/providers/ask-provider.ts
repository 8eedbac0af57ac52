import { type Provider, type ProviderKind, providerSchema, type Surface } from "@millrace/core/contract";
import type { ModelAnswer } from "../../edge/gateway/exchange/answer.ts";
import { providerRegistry } from "../../edge/gateway/providers/registry.ts";
import { AnswerAssembler } from "../../edge/gateway/stream/answer-assembler.ts";
import { chatCall, scriptedService, type SentRequest, type ServiceAnswer } from "./scripted-service.ts";

type Json = Record<string, unknown>;

export interface AskOptions {
  readonly secret: string;
  readonly model: string;
  readonly provider?: Partial<Provider>;
  readonly aside?: (request: SentRequest) => ServiceAnswer | undefined;
}

/** Calls one kind of provider's adapter against a service that answers once, for what the conformance suite does not ask of all. */
export function askProvider(kind: ProviderKind, options: AskOptions) {
  const adapter = providerRegistry[kind];
  const provider = providerSchema.parse({ name: "under-test", kind, ...options.provider });
  const target = { provider, model: options.model, tier: adapter.tier };
  const answer = async (fields: Json, served: ServiceAnswer, surface: Surface = "chat") => {
    const service = scriptedService(served, options);
    const call = { ...chatCall(target, fields), surface, choices: typeof fields["n"] === "number" ? fields["n"] : 1 };
    return { answer: await adapter.call(call, service.deps), requests: service.sent };
  };
  const bodyOf = (given: ModelAnswer): Json => {
    if (given.kind !== "whole") throw new Error("the adapter streamed");
    return given.body;
  };
  const messageOf = (body: Json): Json => (body["choices"] as { message: Json }[] | undefined)?.[0]?.message ?? {};
  return {
    target,
    answer,
    /** A streamed answer: its frames, and the message that they add up to. */
    async stream(fields: Json, served: ServiceAnswer) {
      const service = scriptedService(served, options);
      const given = await adapter.call(chatCall(target, fields, { stream: true }), service.deps);
      if (given.kind !== "stream") throw new Error("the adapter did not stream");
      const frames = [...given.first];
      for (let batch = await given.rest.next(); batch !== undefined; batch = await given.rest.next())
        frames.push(...batch);
      const assembler = new AnswerAssembler("chat");
      assembler.add(frames);
      const body: Json = { ...assembler.summary().response };
      return { frames, body, message: messageOf(body), sent: service.sent[0]?.body ?? {} };
    },
    /** An answer in one piece: its body, its first message, and what was sent for it. */
    async whole(fields: Json, served: unknown, surface: Surface = "chat") {
      const script = { headers: { "content-type": "application/json" }, chunks: [JSON.stringify(served)] };
      const { answer: given, requests } = await answer(fields, script, surface);
      const body = bodyOf(given);
      return { body, message: messageOf(body), answer: given, sent: requests[0]?.body ?? {}, request: requests[0] };
    },
  };
}
