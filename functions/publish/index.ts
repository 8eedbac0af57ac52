export { createBundleSigner } from "./bundle-signer.ts";
export type { SignMessage } from "./bundle-signer.ts";
export { publishEnvironment } from "./publish-environment.ts";
export type { PublishDeps, PublishReport } from "./publish-environment.ts";
export { sweepOutbox } from "./sweep-outbox.ts";
export type { SweepReport } from "./sweep-outbox.ts";
