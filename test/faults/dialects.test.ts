import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate } from "../fakes/upstream.ts";
import { type Lab, MODEL, startLab } from "./lab.ts";
import { ANSWER, anthropicOpening, opening, sound, stream } from "./wire.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.close());

interface DialectEvent {
  readonly type: string;
  readonly delta?: string | { readonly text?: string };
}

/** The events of a stream; `onText` is told of the first that brings text. */
async function eventsOf(response: Response, onText: () => void): Promise<DialectEvent[]> {
  const decoder = new TextDecoder();
  const events: DialectEvent[] = [];
  let pending = "";
  for await (const bytes of response.body ?? []) {
    pending += decoder.decode(bytes, { stream: true });
    const parts = pending.split("\n\n");
    pending = parts.pop() ?? "";
    for (const part of parts) {
      const data = part.split("\n").find((line) => line.startsWith("data: "));
      if (data === undefined || data === "data: [DONE]") continue;
      const event = JSON.parse(data.slice("data: ".length)) as DialectEvent;
      events.push(event);
      if (textOf(event) !== "") onText();
    }
  }
  return events;
}

function textOf({ type, delta }: DialectEvent): string {
  if (type === "response.output_text.delta" && typeof delta === "string") return delta;
  return type === "content_block_delta" && typeof delta === "object" ? (delta.text ?? "") : "";
}

describe("a stream that breaks and is resumed, in another dialect", () => {
  it("/v1/messages of a provider that speaks it itself goes on in the same block", async () => {
    const firstText = gate();
    const tenant = await lab.admit(
      {
        targets: () => [
          {
            name: "one",
            provider: { kind: "anthropic", secrets: ["KEY_A"] },
            answers: [stream([...anthropicOpening(4), { until: firstText.opened }, { reset: true }])],
          },
          { name: "two", answers: [sound("two")] },
        ],
      },
      { firstText: firstText.opened },
    );
    const body = { model: MODEL, stream: true, max_tokens: 100, messages: [{ role: "user", content: "hi" }] };
    const events = await eventsOf(await lab.gateway.post("/v1/messages", tenant, body), () => firstText.open());
    expect(events.map(textOf).join("")).toBe(ANSWER);
    const structure = events
      .map(({ type }) => type)
      .filter((type) => type !== "content_block_delta" && type !== "ping");
    expect(structure).toEqual([
      "message_start",
      "content_block_start",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  it.each<[string, object, [string, string]]>([
    [
      "/v1/messages",
      { max_tokens: 100, messages: [{ role: "user", content: "hi" }] },
      ["message_start", "message_stop"],
    ],
    ["/v1/responses", { input: "hi" }, ["response.created", "response.completed"]],
  ])("%s tells one answer, once", async (path, body, [begin, end]) => {
    const firstText = gate();
    const tenant = await lab.admit(
      {
        targets: () => [
          { name: "one", answers: [stream([...opening(4), { until: firstText.opened }, { fin: true }])] },
          { name: "two", answers: [sound("two")] },
        ],
      },
      { firstText: firstText.opened },
    );
    const response = await lab.gateway.post(path, tenant, { model: MODEL, stream: true, ...body });
    const events = await eventsOf(response, () => firstText.open());
    expect(events.map(textOf).join("")).toBe(ANSWER);
    expect(events.filter(({ type }) => type === begin)).toHaveLength(1);
    expect(events.at(-1)?.type).toBe(end);
  });
});
