import type { JsonObject, ModelEvent } from "@millrace/core/contract";
import { beforeAll, expect, it } from "vitest";
import { checkRequest } from "../../edge/gateway/dialects/responses/request.ts";
import { responseHead } from "../../edge/gateway/dialects/responses/response-object.ts";
import { ResponseStream } from "../../edge/gateway/dialects/responses/stream.ts";
import { MillraceError } from "@millrace/core/contract";
import { type OpenAiSchemas, readOpenAiSchemas } from "./openai-schemas.ts";
import { call, finish, text } from "../support/model-events.ts";
import { describeWithVectors } from "./vectors.ts";

const traceId = `trc_${"0a".repeat(16)}`;
const start: ModelEvent = {
  type: "start",
  id: "chatcmpl-1",
  model: "small-2026",
  createdSeconds: 1,
  systemFingerprint: undefined,
};
const usage: ModelEvent = {
  type: "usage",
  usage: {
    inputTokens: 5,
    outputTokens: 2,
    cachedInputTokens: undefined,
    reasoningTokens: undefined,
    source: "provider",
  },
};

const answers: Readonly<Record<string, readonly ModelEvent[]>> = {
  text: [start, text("Hel"), text("lo"), finish("stop"), usage],
  "a thought and text": [start, { type: "reasoning", choice: 0, text: "Hm" }, text("Hello"), finish("stop"), usage],
  "a refusal": [start, { type: "refusal", choice: 0, text: "No" }, finish("stop"), usage],
  "words, then a refusal": [start, text("Well, "), { type: "refusal", choice: 0, text: "no" }, finish("stop")],
  "parallel calls": [
    start,
    call(0, "", "weather"),
    call(0, '{"city":'),
    call(1, "", "time"),
    call(1, "{}"),
    call(0, '"Bonn"}'),
    finish("tool_calls"),
    usage,
  ],
  "an answer cut by its limit": [start, text("Hel"), finish("length"), usage],
  "an answer cut by a filter": [start, text("Hel"), finish("content_filter"), usage],
  "nothing at all": [start, finish("stop")],
};

const eventSchemas: Readonly<Record<string, string>> = {
  "response.created": "ResponseCreatedEvent",
  "response.in_progress": "ResponseInProgressEvent",
  "response.output_item.added": "ResponseOutputItemAddedEvent",
  "response.output_item.done": "ResponseOutputItemDoneEvent",
  "response.content_part.added": "ResponseContentPartAddedEvent",
  "response.content_part.done": "ResponseContentPartDoneEvent",
  "response.output_text.delta": "ResponseTextDeltaEvent",
  "response.output_text.done": "ResponseTextDoneEvent",
  "response.refusal.delta": "ResponseRefusalDeltaEvent",
  "response.refusal.done": "ResponseRefusalDoneEvent",
  "response.reasoning_summary_part.added": "ResponseReasoningSummaryPartAddedEvent",
  "response.reasoning_summary_part.done": "ResponseReasoningSummaryPartDoneEvent",
  "response.reasoning_summary_text.delta": "ResponseReasoningSummaryTextDeltaEvent",
  "response.reasoning_summary_text.done": "ResponseReasoningSummaryTextDoneEvent",
  "response.function_call_arguments.delta": "ResponseFunctionCallArgumentsDeltaEvent",
  "response.function_call_arguments.done": "ResponseFunctionCallArgumentsDoneEvent",
  "response.completed": "ResponseCompletedEvent",
  "response.incomplete": "ResponseIncompleteEvent",
  "response.failed": "ResponseFailedEvent",
};

const request = {
  model: "small",
  input: "hi",
  instructions: "be brief",
  metadata: { team: "a" },
  tools: [{ type: "function", name: "weather", parameters: { type: "object" } }],
  text: { format: { type: "json_schema", name: "answer", schema: { type: "object" } } },
  reasoning: { effort: "low", summary: "auto" },
};

function streamOf(body: JsonObject): ResponseStream {
  const head = responseHead({
    id: `resp_${"0a".repeat(16)}`,
    model: "small",
    createdSeconds: 1_700_000_000,
    stored: true,
    checked: checkRequest(body),
  });
  return new ResponseStream({ traceId, head, estimate: () => undefined, keep: () => Promise.resolve(true) });
}

function eventsOf(told: string): (JsonObject & { type: string })[] {
  return told
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)) as JsonObject & { type: string });
}

describeWithVectors("openai", () => {
  let schemas: OpenAiSchemas;
  beforeAll(() => {
    schemas = readOpenAiSchemas();
  });

  it.each(Object.keys(answers))("accept every event of a response with %s, numbered without a gap", async (name) => {
    const stream = streamOf(request as JsonObject);
    const told = (answers[name] ?? []).map((event) => stream.frames([{ events: [event], raw: undefined }])).join("");
    const events = eventsOf(told + (await stream.end()));
    for (const event of events) expect(schemas.faults(eventSchemas[event.type] ?? "", event), event.type).toEqual([]);
    expect(events.map((event) => event["sequence_number"])).toEqual(events.map((_, index) => index));
  });

  it.each(Object.keys(answers))("accept a whole response with %s, and it holds what its stream told", async (name) => {
    const whole = await streamOf(request as JsonObject).whole(answers[name] ?? []);
    expect(schemas.faults("Response", whole)).toEqual([]);
    const stream = streamOf(request as JsonObject);
    stream.frames([{ events: answers[name] ?? [], raw: undefined }]);
    expect(eventsOf(await stream.end()).at(-1)?.["response"]).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  it("accept the event of a response that broke", () => {
    const stream = streamOf(request as JsonObject);
    stream.frames([{ events: [start, text("Hel")], raw: undefined }]);
    const [failed] = eventsOf(stream.fault(new MillraceError("upstream-truncated")));
    expect(schemas.faults("ResponseFailedEvent", failed)).toEqual([]);
    expect(failed).toMatchObject({ type: "response.failed", response: { status: "failed", store: false } });
  });

  it("refuse what is not so", async () => {
    const whole = await streamOf(request as JsonObject).whole(answers["text"] ?? []);
    expect(schemas.faults("Response", { ...whole, usage: { input_tokens: 1 } })).not.toEqual([]);
    expect(schemas.faults("Response", { ...whole, output: [{ type: "message", id: "msg_1" }] })).not.toEqual([]);
  });
});
