import type { BundleStore, KeepAlive } from "../bundles/bundle-store.ts";
import type { Admission } from "../exchange/admission.ts";
import type { HealthViews } from "../health/health-view.ts";
import type { EndedExchange } from "../metrics/observe-exchange.ts";
import type { AnswerCache, Flights } from "../stages/cache/index.ts";
import type { DispatchDeps } from "../stages/dispatch/index.ts";
import type { CountUsageDeps } from "../stages/record/count-usage.ts";
import type { RecordDeps } from "../stages/record/index.ts";
import type { ReserveDeps } from "../stages/reserve/index.ts";
import type { ResolveDeps } from "../stages/resolve/index.ts";

/** What the stages need of the world, put together once for each isolate. */
export interface PipelineDeps extends CountUsageDeps {
  readonly bundles: Pick<BundleStore, "read">;
  readonly resolve: ResolveDeps;
  readonly cache: AnswerCache;
  readonly flights: Flights;
  readonly health: HealthViews;
  readonly dispatch: Omit<DispatchDeps, "secret" | "callerLeft" | "attempts" | "health" | "mayCall">;
  readonly reserve: ReserveDeps;
  readonly record: RecordDeps;
  /** Counts an exchange that is over. */
  readonly observe: (ended: EndedExchange, keepAlive: KeepAlive) => void;
  readonly secret: (projectSlug: string, name: string) => string | undefined;
  /** Whether the end of an answer waits for its trace. */
  readonly waitForTrace: boolean;
  readonly newTraceId: () => string;
  readonly nowMs: () => number;
}

/** What one request lends the pipeline. */
export interface Caller {
  readonly request: Request;
  readonly keepAlive: KeepAlive;
  /** Who calls, where that is known already; absent = the request's key says it. */
  readonly admit?: () => Promise<Admission>;
  /** Goes with the caller's own metadata into the trace. */
  readonly tags?: Readonly<Record<string, string>>;
}
