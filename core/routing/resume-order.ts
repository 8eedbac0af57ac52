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
  /** Positions of targets whose streams broke, the latest last; none twice. */
  readonly broken: readonly number[];
  /** Positions of targets that failed before in this exchange. */
  readonly spent: ReadonlySet<number>;
  /** Another call of the target that broke last may succeed. */
  readonly retryHelps: boolean;
  readonly ways: readonly RecoveryWay[];
}

export interface ResumeStep {
  /** Position of the target. */
  readonly candidate: number;
  readonly way: RecoveryWay;
}

/**
 * In which order targets are asked to go on with a broken answer. First those that can continue it, in the plan's order; then those that can only tell
 * it again, the model that began it first, because no other is as likely to tell the same. Targets that broke already come last in both.
 */
export function resumeOrder(situation: ResumeSituation): readonly ResumeStep[] {
  const { candidates, broken, spent, surface } = situation;
  const latest = broken.at(-1);
  const may = (at: number): boolean => !spent.has(at) && (at !== latest || situation.retryHelps);
  const fresh = [...candidates.keys()].filter((at) => may(at) && !broken.includes(at));
  const again = broken.filter(may);
  const steps: ResumeStep[] = [];
  if (situation.ways.includes("continue")) {
    // A plain completion is a continuation by its nature.
    const able = [...fresh, ...again].filter(
      (at) => surface === "completions" || candidates[at]?.capabilities.has("prefill") === true,
    );
    steps.push(...able.map((candidate) => ({ candidate, way: "continue" as const })));
  }
  if (situation.ways.includes("regenerate")) {
    const began = candidates[broken[0] ?? 0]?.model;
    const isSame = (at: number): boolean => candidates[at]?.model === began;
    const sorted = [...fresh.filter(isSame), ...fresh.filter((at) => !isSame(at)), ...again];
    steps.push(...sorted.map((candidate) => ({ candidate, way: "regenerate" as const })));
  }
  return steps;
}
