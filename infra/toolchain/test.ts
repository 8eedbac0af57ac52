/** `npm test`: everything that CI runs. The last line is `N passed, N failed`. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCheckSteps } from "./check-steps.ts";
import { runStep } from "./run-step.ts";
import { addCounts, vitestCounts } from "./test-counts.ts";
import type { TestCounts } from "./test-counts.ts";
import { runTrainerTests } from "./trainer-tests.ts";
import { checkWorkers } from "./worker-sizes.ts";

async function runVitest(): Promise<{ passed: boolean; counts: TestCounts }> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-vitest-"));
  try {
    const report = join(folder, "report.json");
    const passed = await runStep({
      name: "vitest",
      command: [
        "node_modules/vitest/vitest.mjs",
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
      ],
      live: true,
    });
    const json = await readFile(report, "utf8").catch(() => undefined);
    const counts = json === undefined ? { passed: 0, failed: 1 } : vitestCounts(json);
    // A library that tests start ends its process in its own way; the exit code alone is not to be trusted.
    return { passed: passed && counts.failed === 0, counts };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const checked = await runCheckSteps();
const bundled = await checkWorkers();
const vitest = await runVitest();
const trainer = await runTrainerTests();
const counts = addCounts(vitest.counts, trainer);
const passed = checked && bundled && vitest.passed && trainer.failed === 0;
if (!checked) console.log("npm run check failed; see above.");
if (!bundled) console.log("a Worker does not bundle, or is too large; see above.");
process.exitCode = passed ? 0 : 1;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
