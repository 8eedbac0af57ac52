export * from "./amounts.ts";
export * from "./applying-entries.ts";
export * from "./ledger-service.ts";
export * from "./limit-headers.ts";
export * from "./media-allowance.ts";
export * from "./refusal.ts";
export * from "./token-bound.ts";
export * from "./window-slot.ts";
