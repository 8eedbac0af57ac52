export { pgliteBackend } from "./pglite-backend.ts";
export { postgresBackend } from "./postgres-backend.ts";
export { startNeonEndpoint } from "./neon-endpoint.ts";
export type { NeonEndpoint, NeonEndpointOptions } from "./neon-endpoint.ts";
export type { SqlBackend } from "./sql-backend.ts";
