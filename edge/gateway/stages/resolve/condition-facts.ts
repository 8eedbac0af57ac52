import type { JsonObject, JsonValue } from "@millrace/core/contract";
import type { ConditionFacts } from "@millrace/core/routing";
import type { Admission } from "../../exchange/admission.ts";
import type { JsonBody } from "../../http/read-json-body.ts";
import type { RenderedPrompt } from "./resolve-prompt.ts";

export interface FactsInput {
  readonly surface: string;
  readonly model: string;
  readonly stream: boolean;
  readonly body: JsonBody;
  readonly admission: Admission;
  readonly headers: Headers;
  readonly rendered: RenderedPrompt | undefined;
  readonly inputTokens: number;
  readonly nowMs: number;
}

const NO_METADATA: Readonly<Record<string, JsonValue>> = {};

function metadataOf(fields: Readonly<JsonObject>): Readonly<Record<string, JsonValue>> {
  const { metadata } = fields;
  return typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? metadata : NO_METADATA;
}

/** What the conditions of a route may look at: the caller's request as it was sent, and who sent it. */
export function conditionFacts(input: FactsInput): ConditionFacts {
  const { fields } = input.body;
  const { principal } = input.admission;
  const { user } = fields;
  return {
    model: input.model,
    surface: input.surface,
    stream: input.stream,
    user: typeof user === "string" ? user : undefined,
    key: principal.keyId,
    environment: principal.environment,
    project: principal.projectSlug,
    prompt: input.rendered?.prompt,
    metadata: metadataOf(fields),
    header: (name) => input.headers.get(name) ?? undefined,
    request: fields,
    inputTokens: input.inputTokens,
    bodyBytes: input.body.bytes,
    nowMs: input.nowMs,
  };
}
