import type { BenchResult } from "../support/result.ts";
import { quantile } from "../support/statistics.ts";

export interface LabelMoveDeps {
  /** The stack's URL, without a trailing slash. */
  readonly url: string;
  readonly key: string;
}

const PROMPT = "bench-propagation";
const MOVES = 60;
/** Far beyond the aim: a move that takes this long is a fault, not a sample. */
const GIVE_UP_MS = 10_000;

const NOT_FOUND = 404;

async function api(deps: LabelMoveDeps, path: string, init: { method: string; body?: unknown }): Promise<Response> {
  const response = await fetch(`${deps.url}${path}`, {
    method: init.method,
    headers: { authorization: `Bearer ${deps.key}`, "content-type": "application/json" },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  if (!response.ok && response.status !== NOT_FOUND)
    throw new Error(`${init.method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

/** The version that an answer was made from, in the words of the response header; undefined while the label is not known there. */
async function answeredVersion(deps: LabelMoveDeps): Promise<number | undefined> {
  const response = await api(deps, "/v1/chat/completions", {
    method: "POST",
    body: { model: `prompt:${PROMPT}`, max_tokens: 1, messages: [{ role: "user", content: "hi" }] },
  });
  await response.arrayBuffer();
  const version = /@(\d+)/.exec(response.headers.get("x-millrace-prompt") ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Two versions, the first one labelled and visible. */
async function prepare(deps: LabelMoveDeps, model: string): Promise<void> {
  const content = (text: string) => ({ system: text, settings: { model } });
  await api(deps, "/api/v1/prompts", { method: "POST", body: { name: PROMPT, content: content("one") } });
  await api(deps, `/api/v1/prompts/${PROMPT}/versions`, {
    method: "POST",
    body: { content: content("two"), expected_latest: 1 },
  });
  await api(deps, `/api/v1/prompts/${PROMPT}/labels/production`, { method: "PUT", body: { version: 1 } });
  await visible(deps, 1);
}

async function visible(deps: LabelMoveDeps, version: number): Promise<number> {
  const started = performance.now();
  while (performance.now() - started < GIVE_UP_MS) {
    if ((await answeredVersion(deps)) === version) return performance.now() - started;
  }
  throw new Error(`version ${version} not visible after ${GIVE_UP_MS} ms`);
}

async function moveAndWait(deps: LabelMoveDeps, version: number): Promise<number> {
  await api(deps, `/api/v1/prompts/${PROMPT}/labels/production`, { method: "PUT", body: { version } });
  return visible(deps, version);
}

/** From the acknowledgement of a label move to the first answer made from the new version, polled without pause. */
export async function benchLabelMove(deps: LabelMoveDeps, model: string): Promise<BenchResult> {
  await prepare(deps, model);
  const samples: number[] = [];
  for (let move = 0; move < MOVES; move++) samples.push(await moveAndWait(deps, move % 2 === 0 ? 2 : 1));
  const row = (what: string, q: number) => ({ what, value: quantile(samples, q), unit: "ms", n: samples.length });
  return {
    name: "label move → visible in answers",
    rows: [row("p50", 0.5), { ...row("p99", 0.99), aim: "< 1000" }, row("worst", 1)],
  };
}
