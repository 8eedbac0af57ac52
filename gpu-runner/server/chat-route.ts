import { chatRequestSchema, newId, type WireUsage } from "@millrace/core/contract";
import { planChat, type ChatPlan } from "../chat/plan-chat.ts";
import type { Engine, ModelInfo } from "../engines/engine.ts";
import { runJobs, type JobEvent } from "../scheduler/run-jobs.ts";
import { ChatChoice, checkAnswer, wireLogprobs, type ChoiceDelta } from "./chat-choice.ts";
import { JobMeter } from "./job-meter.ts";
import { readJson } from "./read-json.ts";
import type { RequestScope } from "./request-scopes.ts";
import { fingerprint, readyEngine, type RunnerDeps } from "./runner-deps.ts";
import { eventStream } from "./sse.ts";

interface Exchange {
  readonly deps: RunnerDeps;
  readonly scope: RequestScope;
  readonly engine: Engine;
  readonly plan: ChatPlan;
  readonly choices: readonly ChatChoice[];
  readonly meter: JobMeter;
  /** The fields that every chunk and the whole answer share. */
  readonly head: {
    readonly id: string;
    readonly created: number;
    readonly model: string;
    readonly system_fingerprint: string;
  };
}

/** POST /v1/chat/completions. The scope is ended by the returned response, or by the caller when this throws. */
export async function chatRoute(request: Request, scope: RequestScope, deps: RunnerDeps): Promise<Response> {
  const body = await readJson(request, chatRequestSchema);
  const { engine, model } = readyEngine(deps, body.model);
  const plan = planChat(body, model, deps.defaults);
  const exchange = openExchange({ deps, scope, engine, plan }, model);
  if (plan.stream) {
    return eventStream({
      scope,
      run: (write) => stream(exchange, write),
      onEnd: (error) => {
        deps.metrics.countRequest("chat", error?.code ?? "ok");
        scope.end();
      },
    });
  }
  const answer = await complete(exchange);
  deps.metrics.countRequest("chat", "ok");
  scope.end();
  return Response.json(answer);
}

function openExchange(parts: Pick<Exchange, "deps" | "scope" | "engine" | "plan">, model: ModelInfo): Exchange {
  const { deps, scope, plan } = parts;
  const newCallId = () => `call_${Buffer.from(deps.randomBytes(12)).toString("hex")}`;
  return {
    ...parts,
    choices: plan.jobs.map(() => new ChatChoice({ answer: plan.answer, newCallId })),
    meter: new JobMeter({ metrics: deps.metrics, onDecoded: deps.onDecoded, startedMs: scope.startedMs }),
    head: {
      id: newId("completion", { nowMs: deps.nowMs(), random: deps.randomBytes(10) }),
      created: Math.floor(deps.nowMs() / 1000),
      model: deps.modelName,
      system_fingerprint: fingerprint(model),
    },
  };
}

/** Runs all choices; `onEvent` sees each event after it was metered. */
async function run(
  exchange: Exchange,
  onEvent: (choice: ChatChoice, index: number, event: JobEvent) => void,
): Promise<void> {
  const { deps, engine, plan, scope, meter, choices } = exchange;
  await runJobs({
    engine,
    scheduler: deps.scheduler,
    jobs: plan.jobs,
    signal: scope.signal,
    onCancelled: (tokens) => deps.metrics.countGenerated(tokens),
    onEvent: (index, event) => {
      meter.see(index, event);
      const choice = choices[index];
      if (choice === undefined) return;
      onEvent(choice, index, event);
      const whole = event.type === "finish" && event.reason === "stop" && plan.jobs[index]?.stop.length === 0;
      if (whole && plan.answerSchema !== undefined) checkAnswer(choice.text, plan.answerSchema);
    },
  });
}

async function complete(exchange: Exchange) {
  const reasons = exchange.choices.map((): "stop" | "length" | "cancelled" => "stop");
  await run(exchange, (choice, index, event) => {
    if (event.type === "text") {
      choice.push(event.text);
      if (event.logprobs !== undefined) choice.logprobs.push(...wireLogprobs(event.logprobs));
    } else if (event.type === "finish") reasons[index] = event.reason;
  });
  const withLogprobs = exchange.plan.jobs[0]?.topLogprobs !== undefined;
  return {
    ...exchange.head,
    object: "chat.completion",
    choices: exchange.choices.map((choice, index) => ({
      index,
      message: choice.message(),
      logprobs: withLogprobs ? { content: choice.logprobs, refusal: null } : null,
      finish_reason: choice.finishReason(reasons[index] ?? "stop"),
    })),
    usage: exchange.meter.usage() satisfies WireUsage,
  };
}

async function stream(exchange: Exchange, write: (json: string) => void): Promise<void> {
  const { head, plan } = exchange;
  const before = JSON.stringify({ ...head, object: "chat.completion.chunk" }).slice(0, -1);
  const usage = plan.includeUsage ? ',"usage":null' : "";
  const chunk = (index: number, delta: ChoiceDelta | { role: string; content: string } | object, rest: object) =>
    write(`${before},"choices":[${JSON.stringify({ index, delta, ...rest })}]${usage}}`);
  await run(exchange, (choice, index, event) => {
    if (event.type === "start")
      chunk(index, { role: "assistant", content: "" }, { logprobs: null, finish_reason: null });
    else if (event.type === "finish") {
      chunk(index, {}, { logprobs: null, finish_reason: choice.finishReason(event.reason) });
    } else {
      const logprobs = event.logprobs === undefined ? null : { content: wireLogprobs(event.logprobs), refusal: null };
      const deltas = choice.push(event.text);
      if (deltas.length === 0 && logprobs !== null) deltas.push({ content: "" });
      deltas.forEach((delta, at) => chunk(index, delta, { logprobs: at === 0 ? logprobs : null, finish_reason: null }));
    }
  });
  if (plan.includeUsage) write(`${before},"choices":[],"usage":${JSON.stringify(exchange.meter.usage())}}`);
}
