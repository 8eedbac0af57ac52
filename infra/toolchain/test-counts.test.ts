import { expect, test } from "vitest";
import { pytestCounts, vitestCounts } from "./test-counts.ts";

test("a test file that cannot be loaded counts as a failure", () => {
  const json = JSON.stringify({
    numPassedTests: 3,
    numFailedTests: 1,
    testResults: [
      { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] },
      { status: "failed", assertionResults: [] },
    ],
  });
  expect(vitestCounts(json)).toEqual({ passed: 3, failed: 2 });
});

test("errors of pytest count as failures and skipped tests as neither", () => {
  const xml =
    '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1"></testsuite></testsuites>';
  expect(pytestCounts(xml)).toEqual({ passed: 4, failed: 3 });
});
