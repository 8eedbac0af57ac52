export * from "./canonical-json.ts";
export * from "./hash.ts";
export * from "./storable-json.ts";
