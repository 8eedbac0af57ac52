import type { Surface } from "../contract/index.ts";
import type { RecoveryWay } from "./decide-recovery.ts";
import type { TargetTraits } from "./route-plan.ts";

/** A target as the order of resumption needs it. */
export interface ResumeCandidate extends Pick<TargetTraits, "capabilities"> {
  readonly model: string;
}

export interface ResumeSituation {
  readonly surface: Surface;
  /** In the order of the plan. */
  readonly candidates: readonly ResumeCandidate[];
  /** Position of the target whose stream broke. */
  readonly broken: number;
  /** Positions of targets that failed before in this exchange. */
  readonly spent: ReadonlySet<number>;
  /** Another call of the broken target may succeed. */
  readonly retryHelps: boolean;
  readonly ways: readonly RecoveryWay[];
}

export interface ResumeStep {
  /** Position of the target. */
  readonly candidate: number;
  readonly way: RecoveryWay;
}

/**
 * In which order targets are asked to go on with a broken answer. First those that can continue it, in the plan's order and the broken one last;
 * then those that can only tell it again, the same model first: no other is likely to tell the same.
 */
export function resumeOrder(situation: ResumeSituation): readonly ResumeStep[] {
  const { candidates, broken, spent, surface } = situation;
  const positions = [...candidates.keys()].filter((at) => at !== broken && !spent.has(at));
  const order = [...positions, ...(situation.retryHelps && !spent.has(broken) ? [broken] : [])];
  const steps: ResumeStep[] = [];
  if (situation.ways.includes("continue")) {
    // A plain completion is a continuation by its nature.
    const able = order.filter(
      (at) => surface === "completions" || candidates[at]?.capabilities.has("prefill") === true,
    );
    steps.push(...able.map((candidate) => ({ candidate, way: "continue" as const })));
  }
  if (situation.ways.includes("regenerate")) {
    const isSame = (at: number): boolean => candidates[at]?.model === candidates[broken]?.model;
    const sorted = [...order.filter(isSame), ...order.filter((at) => !isSame(at))];
    steps.push(...sorted.map((candidate) => ({ candidate, way: "regenerate" as const })));
  }
  return steps;
}
