import type { Scenario } from "./scenario.ts";
import { scenariosBefore } from "./scenarios-before.ts";
import { scenariosMidStream } from "./scenarios-mid-stream.ts";
import { scenariosVerdicts } from "./scenarios-verdicts.ts";

/** Every fault of the suite: what the tests assert and what the scorecard counts. */
export const scenarios: readonly Scenario[] = [...scenariosBefore, ...scenariosVerdicts, ...scenariosMidStream];
