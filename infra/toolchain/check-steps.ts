import { report, root, runStep } from "./run-step.ts";
import type { Step } from "./run-step.ts";
import { checkSizes } from "./size-budget.ts";

const bin = "node_modules";
const workspaces = ["core", "edge", "functions", "gpu-runner", "cli", "migrations", "infra", "test"];
/** Tests of the Workers' workspaces need types that their sources must not see. */
const testConfigs = ["infra/toolchain/tsconfig.tests.json", "infra/toolchain/tsconfig.worker-tests.json"];

const steps: readonly Step[] = [
  { name: "format", command: [`${bin}/oxfmt/bin/oxfmt`, "--check", "."] },
  { name: "lint", command: [`${bin}/oxlint/bin/oxlint`, "--type-aware", "--deny-warnings", "."] },
  ...[...workspaces, ...testConfigs].map((project): Step => ({
    name: `types ${project.replace("infra/toolchain/tsconfig.", "")}`,
    command: [`${bin}/typescript-native/bin/tsc`, "-p", project],
  })),
  {
    name: "arrows",
    command: [`${bin}/dependency-cruiser/bin/dependency-cruiser.mjs`, "--output-type", "err", ...workspaces],
  },
];

/** Everything that needs no test to run; all of it, also after a fault. @returns whether all is well. */
export async function runCheckSteps(): Promise<boolean> {
  let passed = true;
  for (const step of steps) passed = (await runStep(step)) && passed;
  const startedMs = Date.now();
  const faults = await checkSizes(root);
  report("sizes", Date.now() - startedMs, faults.length === 0 ? undefined : faults.join("; "));
  return passed && faults.length === 0;
}
