import { parseArgs } from "node:util";
import { judge, type Verdict } from "../faults/judge.ts";
import { startLab } from "../faults/lab.ts";
import { measureCancel } from "../faults/measure-cancel.ts";
import { runScenario } from "../faults/run-scenario.ts";
import { scenarios } from "../faults/scenarios.ts";

/**
 * `npm run bench:faults`: the scorecard of the fault suite, from the same scenarios as its tests. Ends with a failure when a fault was not
 * survived as it must be.
 */
const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false } } });

function row(columns: readonly string[]): string {
  const [fault = "", form = "", ...rest] = columns;
  return `${fault.padEnd(66)}  ${form.padEnd(6)}  ${rest.map((column) => column.padStart(9)).join("  ")}`;
}

function rowOf(verdict: Verdict): string {
  const { fault, form, outcome, deliveredTokens, duplicates, costErrorUsdMicros } = verdict;
  return row([fault, form, outcome, ...[deliveredTokens, duplicates, costErrorUsdMicros].map(String)]);
}

const lab = await startLab();
const verdicts: Verdict[] = [];
let cancelMs: readonly number[] = [];
try {
  for (const scenario of scenarios) verdicts.push(judge(scenario, await runScenario(lab, scenario)));
  cancelMs = await measureCancel(lab);
} finally {
  await lab.close();
}

const passed = verdicts.filter((verdict) => verdict.passed).length;
const total = (of: (verdict: Verdict) => number): number => verdicts.reduce((sum, verdict) => sum + of(verdict), 0);
const summary = {
  faults: verdicts.length,
  passed,
  duplicates: total(({ duplicates }) => duplicates),
  costErrorUsdMicros: total(({ costErrorUsdMicros }) => costErrorUsdMicros),
  cancelMsMedian: cancelMs.toSorted((a, b) => a - b)[Math.floor(cancelMs.length / 2)],
  cancelMsMax: Math.max(...cancelMs),
  cancels: cancelMs.length,
};
if (options.json) console.log(JSON.stringify({ summary, verdicts }, null, 2));
else {
  console.log(row(["fault", "form", "outcome", "tokens", "twice", "cost err."]));
  for (const verdict of verdicts) {
    console.log(rowOf(verdict));
    for (const fault of verdict.faults) console.log(`    ${fault}`);
  }
  console.log(
    `\n${passed} of ${verdicts.length} as they must be; ${summary.duplicates} characters twice, the account off by ${summary.costErrorUsdMicros} micro-dollars.`,
  );
  console.log(
    `A caller's leaving ended the work upstream within ${summary.cancelMsMedian?.toFixed(1)} ms (median of ${summary.cancels}), ${summary.cancelMsMax.toFixed(1)} ms at most.`,
  );
}
if (passed < verdicts.length) process.exitCode = 1;
