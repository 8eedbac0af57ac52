export * from "./environments.ts";
export * from "./keys.ts";
export * from "./prompts.ts";
export * from "./traces.ts";
export * from "./catalog.ts";
export * from "./operations.ts";
export * from "./health.ts";
