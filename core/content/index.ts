export * from "./canonical-json.ts";
export * from "./hash.ts";
export * from "./storable-json.ts";
export * from "./locate-json-fault.ts";
