import {
  chatCompletionChunkSchema,
  chatCompletionSchema,
  type ErrorCode,
  isMillraceError,
  type MillraceError,
  type ModelFrame,
  providerSchema,
} from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import type { StreamedAnswer } from "../../edge/gateway/exchange/answer.ts";
import type { Target } from "../../edge/gateway/exchange/target.ts";
import { providerRegistry } from "../../edge/gateway/providers/registry.ts";
import { AnswerAssembler } from "../../edge/gateway/stream/answer-assembler.ts";
import { conformanceAnswers, conformanceRequests } from "./conformance-requests.ts";
import {
  type CaseFixture,
  type ConformanceCase,
  conformanceCases,
  type ConformanceFault,
  conformanceFaults,
  fixtureUsage,
  type ProviderFixture,
} from "./provider-fixture.ts";
import { bytesOf, chatCall, scriptedService, type Service, type ServiceAnswer } from "./scripted-service.ts";

const faultCodes: Readonly<Record<ConformanceFault, ErrorCode>> = {
  "rate-limit": "upstream-overloaded",
  overloaded: "upstream-overloaded",
  context: "context-too-long",
  auth: "upstream-unauthorized",
};

interface Collected {
  readonly frames: readonly ModelFrame[];
  readonly error: MillraceError | undefined;
}

async function collect(answer: StreamedAnswer): Promise<Collected> {
  const frames = [...answer.first];
  try {
    for (let batch = await answer.rest.next(); batch !== undefined; batch = await answer.rest.next())
      frames.push(...batch);
    return { frames, error: undefined };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { frames, error };
  }
}

/** Every byte in a read of its own. */
function byByte(chunks: readonly (string | Uint8Array)[]): Uint8Array[] {
  return chunks.flatMap((chunk) => [...bytesOf(chunk)].map((byte) => Uint8Array.of(byte)));
}

function checkMessage(name: ConformanceCase, body: unknown): void {
  const completion = chatCompletionSchema.parse(body);
  expect(Number.isInteger(completion.created) && completion.created > 1_600_000_000).toBe(true);
  expect(completion.id).not.toBe("");
  const [choice] = completion.choices;
  const wanted = conformanceAnswers[name];
  expect(choice?.finish_reason).toBe(wanted.finish);
  if (wanted.content !== undefined) expect(choice?.message.content).toBe(wanted.content);
  if (wanted.json !== undefined) expect(JSON.parse(choice?.message.content ?? "")).toEqual(wanted.json);
  const calls = choice?.message.tool_calls ?? [];
  expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual(
    (wanted.calls ?? []).map((city) => ({ city })),
  );
  expect(calls.every((call) => call.function.name === "get_weather")).toBe(true);
  expect(new Set(calls.map((call) => call.id)).size).toBe(calls.length);
}

/** How one kind of provider is driven: calls of its adapter against a scripted service. */
function harness(fixture: ProviderFixture) {
  const adapter = providerRegistry[fixture.kind];
  const provider = providerSchema.parse({ name: "under-test", kind: fixture.kind, ...fixture.provider });
  const target: Target = { provider, model: fixture.model, tier: adapter.tier };
  const serve = (answer: ServiceAnswer): Service =>
    scriptedService(answer, { secret: fixture.secret, aside: fixture.aside });
  const streamOf = (chunks: ServiceAnswer["chunks"], more: Partial<ServiceAnswer> = {}): ServiceAnswer => ({
    headers: { "content-type": fixture.streamType },
    chunks,
    ...more,
  });
  const wholeOf = (body: unknown): ServiceAnswer => ({
    headers: { "content-type": "application/json" },
    chunks: [JSON.stringify(body)],
  });
  return {
    target,
    async whole(fields: Readonly<Record<string, unknown>>, answer: ServiceAnswer) {
      const service = serve(answer);
      return { answer: await adapter.call(chatCall(target, fields), service.deps), service };
    },
    async stream(fields: Readonly<Record<string, unknown>>, answer: ServiceAnswer, wantsUsage = true) {
      const service = serve(answer);
      const streamed = await adapter.call(chatCall(target, fields, { stream: true, wantsUsage }), service.deps);
      if (streamed.kind !== "stream") throw new Error("the adapter did not stream");
      return { ...(await collect(streamed)), service };
    },
    streamOf,
    wholeOf,
  };
}

async function codeOf(work: Promise<unknown>): Promise<MillraceError> {
  try {
    await work;
  } catch (error) {
    if (isMillraceError(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function assembled(frames: readonly ModelFrame[]): unknown {
  const assembler = new AnswerAssembler("chat");
  assembler.add(frames);
  return assembler.summary().response;
}

/** The same answer out of what an OpenAI client reads. */
function textOfChunks(frames: readonly ModelFrame[]): string {
  return frames
    .flatMap(({ raw }) => (raw === undefined ? [] : [chatCompletionChunkSchema.parse(JSON.parse(raw))]))
    .map((chunk) => chunk.choices[0]?.delta.content ?? "")
    .join("");
}

function describeCase(fixture: ProviderFixture, name: ConformanceCase): void {
  const drive = harness(fixture);
  const fields = conformanceRequests[name];
  const given = fixture.cases[name];
  if ("unsupported" in given) {
    it(`${name}: refused as \`${given.unsupported}\``, async () => {
      const error = await codeOf(drive.whole(fields, drive.wholeOf({})));
      expect([error.code, error.param]).toEqual(["unsupported-parameter", given.unsupported]);
    });
    return;
  }
  it(`${name}: in one piece`, async () => {
    const { answer, service } = await drive.whole(fields, drive.wholeOf(given.whole));
    if (answer.kind !== "whole") throw new Error("the adapter streamed");
    expect(JSON.parse(answer.text)).toEqual(answer.body);
    checkMessage(name, answer.body);
    for (const request of service.sent) given.sent?.(request);
    expect(service.sent).toHaveLength(1);
  });
  it(`${name}: as a stream`, async () => {
    const { frames, error } = await drive.stream(fields, drive.streamOf(given.stream));
    expect(error).toBeUndefined();
    checkMessage(name, assembled(frames));
    const { content } = conformanceAnswers[name];
    if (content !== undefined) expect(textOfChunks(frames)).toBe(content);
  });
}

function describeStreams(fixture: ProviderFixture, text: CaseFixture): void {
  const drive = harness(fixture);
  const fields = conformanceRequests.text;
  it("usage: the same in both forms, and hidden from a stream that did not ask", async () => {
    const { answer } = await drive.whole(fields, drive.wholeOf(text.whole));
    if (answer.kind !== "whole") throw new Error("the adapter streamed");
    expect(answer.body["usage"]).toMatchObject(fixtureUsage);
    const asked = await drive.stream(fields, drive.streamOf(text.stream));
    expect(JSON.parse(asked.frames.at(-1)?.raw ?? "{}")).toMatchObject({ choices: [], usage: fixtureUsage });
    const hidden = await drive.stream(fields, drive.streamOf(text.stream), false);
    expect(hidden.frames.flatMap(({ raw }) => raw ?? []).join("")).not.toContain("prompt_tokens");
    expect(assembled(hidden.frames)).toMatchObject({ usage: fixtureUsage });
  });
  it("UTF-8: a stream that comes byte by byte is the same stream", async () => {
    const { frames, error } = await drive.stream(fields, drive.streamOf(byByte(text.stream)));
    expect(error).toBeUndefined();
    checkMessage("text", assembled(frames));
  });
  it("unknown events: none disturbs the answer or its order", async () => {
    const [first, ...rest] = text.stream;
    const chunks = [first ?? "", ...rest.flatMap((event) => [fixture.unknownEvent, event])];
    const { frames, error } = await drive.stream(fields, drive.streamOf(chunks));
    expect(error).toBeUndefined();
    checkMessage("text", assembled(frames));
  });
  for (const breaks of [false, true]) {
    it(`truncation: a stream that ${breaks ? "breaks" : "ends"} early is never a whole answer`, async () => {
      for (let length = 0; length < text.stream.length - (fixture.dispensableEvents ?? 0); length++) {
        const cut = drive.stream(fields, drive.streamOf(text.stream.slice(0, length), { breaks }));
        const error = await cut.then(
          (ended) => ended.error,
          (thrown: unknown) => thrown,
        );
        expect(isMillraceError(error) && error.code, `after ${length} events`).toBe("upstream-truncated");
      }
    });
  }
  it("the wait for the first token is over with the first of it, not before", async () => {
    const { service } = await drive.stream(fields, drive.streamOf(text.stream));
    // A sign of life before it, or behind the answer, starts the wait again.
    expect(service.phases.join(" ")).toMatch(/^(?:headers )+(?:first-token )+gap/);
  });
}

function describeFaults(fixture: ProviderFixture): void {
  const drive = harness(fixture);
  const fields = conformanceRequests.text;
  for (const name of conformanceFaults) {
    const fault = fixture.faults[name];
    const seenSecret = fixture.seenSecret ?? fixture.secret;
    it(`errors: ${name}, without our secret in its words`, async () => {
      const chunks = fault.answer.chunks.map((chunk) =>
        typeof chunk === "string" ? chunk.replaceAll("SECRET", seenSecret) : chunk,
      );
      for (const form of ["whole", "stream"] as const) {
        const error = await codeOf(drive[form](fields, { ...fault.answer, chunks }));
        expect(error.code).toBe(fault.code ?? faultCodes[name]);
        expect(error.retryAfterSeconds).toBe(fault.retryAfterSeconds);
        expect(error.message).not.toContain(seenSecret);
      }
    });
  }
  for (const [what, body] of Object.entries({
    "a web page": "<html>down</html>",
    nothing: "",
    "cut JSON": '{"id":"x',
  })) {
    it(`errors: 200 with ${what} is no answer`, async () => {
      const answer = { headers: { "content-type": "text/html" }, chunks: [body] };
      expect((await codeOf(drive.whole(fields, answer))).code).toBe("upstream-garbage");
      expect((await codeOf(drive.stream(fields, answer))).code).toBe("upstream-garbage");
    });
  }
}

/** The suite that every kind of provider passes, or by name declares unsupported. One file for each kind calls it. */
export function describeProvider(fixture: ProviderFixture): void {
  describe(`provider ${fixture.kind}`, () => {
    for (const name of conformanceCases) describeCase(fixture, name);
    const { text } = fixture.cases;
    if (!("unsupported" in text)) {
      describeStreams(fixture, text);
      const { streamError } = fixture;
      it("errors: one inside a stream ends it as an error", async () => {
        if ("unsupported" in streamError) return;
        const drive = harness(fixture);
        const chunks = [...text.stream.slice(0, streamError.after), streamError.event];
        const outcome = drive.stream(conformanceRequests.text, drive.streamOf(chunks));
        const error = await outcome.then(
          (ended) => ended.error,
          (thrown: unknown) => thrown,
        );
        expect(isMillraceError(error) && error.code).toBe(streamError.code);
      });
    }
    describeFaults(fixture);
    for (const [field, value] of Object.entries(fixture.refuses)) {
      it(`refuses \`${field}\` by its name`, async () => {
        const drive = harness(fixture);
        const error = await codeOf(drive.whole({ ...conformanceRequests.text, [field]: value }, drive.wholeOf({})));
        expect([error.code, error.param]).toEqual(["unsupported-parameter", field]);
      });
    }
  });
}
