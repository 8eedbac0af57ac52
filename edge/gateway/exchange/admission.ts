import type { Principal } from "@millrace/core/contract";
import type { ServedBundle } from "../bundles/held-bundle.ts";

/** Stage 1's decision: who calls, and under which configuration the whole exchange is answered. */
export interface Admission {
  readonly principal: Principal;
  readonly config: ServedBundle;
}
