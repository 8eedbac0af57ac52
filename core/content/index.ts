export * from "./canonical-json.ts";
export * from "./hash.ts";
export * from "./storable-json.ts";
export * from "./json-fault-position.ts";
