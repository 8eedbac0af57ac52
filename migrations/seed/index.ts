export { DEMONSTRATION_MODEL } from "./demonstration-prompts.ts";
export { seed } from "./seed.ts";
export type { SeedOptions, SeedResult } from "./seed.ts";
