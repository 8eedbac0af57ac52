import "vitest";

declare module "vitest" {
  /** What global setups in Node provide to tests that run inside workerd. */
  interface ProvidedContext {
    /** One migrated database of each kind with the test tenant in it. */
    readonly databases: readonly { readonly name: string; readonly neonFetchEndpoint: string }[];
  }
}
