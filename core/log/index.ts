export * from "./log-line.ts";
