import type { ChatRequest } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { chatRequestOf, stopsOf, tokenLimitOf } from "../native-wire/chat-request.ts";
import { effortOf } from "../native-wire/effort-of.ts";
import { mergeOptions, providerOptions } from "../native-wire/provider-options.ts";
import { unsupported } from "../native-wire/refuse-fields.ts";
import { convertMessages } from "./convert-messages.ts";
import { convertTools } from "./convert-tools.ts";

const WHO = "Cohere";

/** The end of Cohere's own scale of `p`. */
const MAX_P = 0.99;
/** Tokens of thought for each effort; the highest has no bound but the answer's. */
const budgets: Readonly<Record<string, number | undefined>> = {
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: undefined,
};

/** Both penalties are shares to Cohere, from 0 to 1. */
function penalties(request: ChatRequest): object {
  const given: Record<string, number> = {};
  for (const field of ["presence_penalty", "frequency_penalty"] as const) {
    const value = request[field];
    if (typeof value !== "number" || value === 0) continue;
    if (value < 0 || value > 1) throw unsupported(field, WHO, "its scale goes from 0 to 1");
    given[field] = value;
  }
  return given;
}

function sampling(request: ChatRequest): object {
  const { temperature, top_p, seed } = request;
  if (typeof top_p === "number" && top_p > MAX_P) throw unsupported("top_p", WHO, `its scale ends at ${MAX_P}`);
  const limit = tokenLimitOf(request);
  const sequences = stopsOf(request);
  return {
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof top_p === "number" ? { p: top_p } : {}),
    ...(request["top_k"] === undefined || request["top_k"] === null ? {} : { k: request["top_k"] }),
    ...(typeof seed === "number" ? { seed } : {}),
    ...(limit === undefined ? {} : { max_tokens: limit }),
    ...(sequences.length === 0 ? {} : { stop_sequences: sequences }),
    ...penalties(request),
  };
}

function format(request: ChatRequest): object {
  const wanted = request.response_format;
  if (wanted === undefined || wanted.type === "text") return {};
  const schema = wanted.type === "json_schema" ? wanted.json_schema.schema : undefined;
  return { response_format: { type: "json_object", ...(schema === undefined ? {} : { json_schema: schema }) } };
}

function thinking(request: ChatRequest): object {
  const effort = effortOf(request, WHO);
  if (effort === undefined) return {};
  if (effort === "none") return { thinking: { type: "disabled" } };
  if (!Object.hasOwn(budgets, effort)) throw unsupported("reasoning_effort", WHO);
  const budget = budgets[effort];
  return { thinking: { type: "enabled", ...(budget === undefined ? {} : { token_budget: budget }) } };
}

/** A chat request in the form of Cohere's v2 API. Nothing is dropped: what cannot be said is refused by its name. */
export function buildRequest(call: ModelCall): Record<string, unknown> {
  const request = chatRequestOf(call, { who: WHO, fields: ["seed", "presence_penalty", "frequency_penalty"] });
  const body = {
    model: call.target.model,
    messages: convertMessages(request.messages),
    stream: call.stream,
    ...sampling(request),
    ...convertTools(request),
    ...format(request),
    ...thinking(request),
  };
  return mergeOptions(body, providerOptions(request, "cohere"));
}
