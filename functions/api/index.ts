export { createControlApi } from "./control-api.ts";
export type { ControlApi } from "./control-api.ts";
export type { ControlDeps } from "./call.ts";
