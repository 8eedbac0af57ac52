import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import {
  type Contender,
  startBareProxy,
  startGatewayAlone,
  startMillrace,
  startPortkey,
  startUpstream,
} from "./support/contenders.ts";
import { findProcesses, processTree } from "./support/process-usage.ts";
import { formatTable } from "./support/print-table.ts";
import type { BenchResult } from "./support/result.ts";
import { benchGateway } from "./suites/gateway.ts";
import { benchGatewayParts } from "./suites/gateway-parts.ts";
import { benchLabelMove } from "./suites/label-move.ts";
import { measureMemory, memoryResult, type MemoryPart } from "./suites/memory.ts";
import { benchRender } from "./suites/render.ts";
import { benchRunner } from "./suites/runner.ts";

const SUITES = ["render", "gateway", "runner"] as const;

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string" } },
});
const chosen = (suite: (typeof SUITES)[number]): boolean => options.only === undefined || options.only === suite;
if (options.only !== undefined && !(SUITES as readonly string[]).includes(options.only)) {
  console.error(`--only takes one of ${SUITES.join(", ")}`);
  process.exit(1);
}

const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
};

/** Gateway, propagation and memory share one stack: they are its cost, its freshness and its size. */
async function gatewaySuites(): Promise<BenchResult[]> {
  const started: Contender[] = [];
  const keep = <C extends Contender>(contender: C): C => {
    started.push(contender);
    return contender;
  };
  try {
    const upstream = keep(await startUpstream());
    const bare = keep(await startBareProxy(upstream.baseUrl));
    const portkey = keep(await startPortkey(upstream.baseUrl));
    const alone = keep(await startGatewayAlone(upstream.baseUrl));
    const millrace = keep(await startMillrace(upstream.baseUrl));
    const parts: MemoryPart[] = [
      { name: "Workers (workerd)", pids: findProcesses(millrace.stack.child.pid, "workerd") },
      { name: "launcher with PGlite", pids: [millrace.stack.child.pid] },
      { name: "bare proxy (workerd)", pids: bare.target.pids },
      { name: "portkey", pids: processTree(portkey.target.pids[0] ?? 0) },
    ];
    const rest = measureMemory("at rest", parts);
    const gateway = await benchGateway([upstream.target, bare.target, portkey.target, alone.target, millrace.target]);
    const load = measureMemory("after load", parts);
    const labelMove = await benchLabelMove(millrace.stack, millrace.target.model);
    const partly = await benchGatewayParts(millrace.stack, bare.target, millrace.target);
    return [gateway, partly, labelMove, memoryResult([...rest, ...load])];
  } finally {
    for (const contender of started.toReversed()) await contender.stop();
  }
}

const results: BenchResult[] = [];
if (chosen("render")) results.push(benchRender());
if (chosen("gateway")) results.push(...(await gatewaySuites()));
if (chosen("runner")) results.push(await benchRunner());

if (options.json) console.log(JSON.stringify({ machine, results }, null, 2));
else {
  console.log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, ${machine.platform}`,
  );
  console.log(formatTable(results));
}
