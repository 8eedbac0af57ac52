export * from "./backoff.ts";
export * from "./continue-request.ts";
export * from "./decide-next-step.ts";
export * from "./decide-recovery.ts";
export * from "./failure-class.ts";
export * from "./join-answer.ts";
export * from "./route-plan.ts";
