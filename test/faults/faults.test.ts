import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import { type Lab, startLab } from "./lab.ts";
import { runScenario } from "./run-scenario.ts";
import { scenarios } from "./scenarios.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab?.close());

describe("every fault ends with one whole answer or one explicit error, and the next request is well", () => {
  it.each(scenarios.map((scenario) => [scenario.fault, scenario.stream ? "stream" : "whole", scenario] as const))(
    "%s (%s)",
    async (_fault, _form, scenario) => {
      expect(judge(scenario, await runScenario(lab, scenario)).faults).toEqual([]);
    },
  );
});
