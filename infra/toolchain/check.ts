/** `npm run check`: format, lint, types of sources and tests, arrows, sizes. */
import { runCheckSteps } from "./check-steps.ts";

if (!(await runCheckSteps())) {
  console.log("\ncheck failed; `npm run format` mends the format.");
  process.exitCode = 1;
}
