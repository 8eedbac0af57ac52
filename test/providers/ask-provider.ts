import { type Provider, type ProviderKind, providerSchema, type Surface } from "@millrace/core/contract";
import type { ModelAnswer } from "../../edge/gateway/exchange/answer.ts";
import { providerRegistry } from "../../edge/gateway/providers/registry.ts";
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
  return {
    target,
    answer,
    /** An answer in one piece: its body, its first message, and what was sent for it. */
    async whole(fields: Json, served: unknown, surface: Surface = "chat") {
      const script = { headers: { "content-type": "application/json" }, chunks: [JSON.stringify(served)] };
      const { answer: given, requests } = await answer(fields, script, surface);
      const body = bodyOf(given);
      const message = ((body["choices"] as { message: Json }[] | undefined)?.[0]?.message ?? {}) as Json;
      return { body, message, answer: given, sent: requests[0]?.body ?? {}, request: requests[0] };
    },
  };
}
