import type { NativeRunner } from "../batch-worker.ts";

export function createNativeRunner(_deps: unknown): NativeRunner {
  return {
    step(_record, update) {
      update("no");
      return Promise.resolve(undefined);
    },
    cancel: () => Promise.resolve(),
  };
}
