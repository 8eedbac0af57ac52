import { completionRequestSchema, newId } from "@millrace/core/contract";
import { planCompletion } from "../chat/plan-completion.ts";
import { runJobs, type JobEvent } from "../scheduler/run-jobs.ts";
import { JobMeter } from "./job-meter.ts";
import { readJson } from "./read-json.ts";
import type { RequestScope } from "./request-scopes.ts";
import { fingerprint, readyEngine, type RunnerDeps } from "./runner-deps.ts";
import { eventStream } from "./sse.ts";

/** POST /v1/completions: text in, text out, no chat template. */
export async function completionRoute(request: Request, scope: RequestScope, deps: RunnerDeps): Promise<Response> {
  const body = await readJson(request, completionRequestSchema);
  const { engine, model } = readyEngine(deps, body.model);
  const plan = planCompletion(body, model, deps.defaults);
  const meter = new JobMeter({
    metrics: deps.metrics,
    onDecoded: deps.onDecoded,
    startedMs: scope.startedMs,
    choicesPerPrompt: plan.choicesPerPrompt,
  });
  const head = {
    id: newId("completion", { nowMs: deps.nowMs(), random: deps.randomBytes(10) }).replace("chatcmpl", "cmpl"),
    object: "text_completion",
    created: Math.floor(deps.nowMs() / 1000),
    model: deps.modelName,
    system_fingerprint: fingerprint(model),
  };
  const run = (onEvent: (index: number, event: JobEvent) => void) =>
    runJobs({
      engine,
      scheduler: deps.scheduler,
      jobs: plan.jobs,
      signal: scope.signal,
      onCancelled: (tokens) => deps.metrics.countGenerated(tokens),
      onEvent: (index, event) => {
        meter.see(index, event);
        onEvent(index, event);
      },
    });
  const ended = (outcome: string) => {
    deps.metrics.countRequest("completions", outcome);
    scope.end();
  };
  if (plan.stream) {
    return eventStream({
      scope,
      onEnd: (error) => ended(error?.code ?? "ok"),
      run: async (write) => {
        const chunk = (index: number, text: string, reason: string | null) =>
          write(JSON.stringify({ ...head, choices: [{ index, text, logprobs: null, finish_reason: reason }] }));
        await run((index, event) => {
          if (event.type === "start") chunk(index, "", null);
          else if (event.type === "text") chunk(index, event.text, null);
          else chunk(index, "", event.reason);
        });
        if (plan.includeUsage) write(JSON.stringify({ ...head, choices: [], usage: meter.usage() }));
      },
    });
  }
  const texts = plan.jobs.map(() => "");
  const reasons = plan.jobs.map(() => "stop");
  await run((index, event) => {
    if (event.type === "text") texts[index] = (texts[index] ?? "") + event.text;
    else if (event.type === "finish") reasons[index] = event.reason;
  });
  ended("ok");
  return Response.json({
    ...head,
    choices: texts.map((text, index) => ({ index, text, logprobs: null, finish_reason: reasons[index] })),
    usage: meter.usage(),
  });
}
