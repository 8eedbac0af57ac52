export * from "./backoff.ts";
export * from "./decide-next-step.ts";
export * from "./failure-class.ts";
export * from "./route-plan.ts";
