export type { BundleRows, BundleVersionRow } from "./bundle-rows.ts";
export { bundleHash, compileBundle, encodeBundle } from "./compile-bundle.ts";
export { pointerMessage } from "./pointer-message.ts";
export { resolvePromptReference } from "./resolve-prompt-reference.ts";
export type { ResolutionReason, ResolvedPrompt } from "./resolve-prompt-reference.ts";
