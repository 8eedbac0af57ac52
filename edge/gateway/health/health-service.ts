import type { Circuit, KeyTrouble, LatencySketch, OutcomeBatch, PeakEwma } from "@millrace/core/routing";

/** What one isolate saw of a target since it last told. */
export interface TargetNews {
  /** Of calls that were not probes. */
  readonly outcomes: OutcomeBatch;
  /** The newest, in order. */
  readonly firstTokensMs: readonly number[];
  readonly probe: "ok" | "failed" | "cancelled" | undefined;
}

/** What one isolate saw of a key: trouble, or (`null`) that it is well again. Undefined = nothing new. */
export interface KeyNews {
  readonly trouble: KeyTrouble | null | undefined;
  /** Places under the cap that the isolate still needs; undefined = the key has no cap. */
  readonly places: number | undefined;
}

/** Everything that an isolate tells at once; also asks about each name that is in it. */
export interface HealthReport {
  readonly isolate: string;
  readonly targets: Readonly<Record<string, TargetNews>>;
  readonly keys: Readonly<Record<string, KeyNews>>;
}

export interface TargetState {
  readonly circuit: Circuit;
  readonly firstToken: PeakEwma | undefined;
  readonly sketch: LatencySketch;
}

/** Places under a key's cap that one isolate holds. */
export interface PlaceLease {
  readonly places: number;
  readonly untilMs: number;
}

export interface KeyState {
  readonly trouble: KeyTrouble | undefined;
  readonly lease: PlaceLease | undefined;
}

export interface HealthAnswer {
  readonly targets: Readonly<Record<string, TargetState>>;
  readonly keys: Readonly<Record<string, KeyState>>;
}

export interface PlaceRequest {
  readonly isolate: string;
  readonly key: string;
  /** The key's cap, as this isolate's bundle has it. */
  readonly cap: number;
  /** Places that the isolate wants to hold from now on. */
  readonly places: number;
}

/** The Durable Object that the isolates of one environment share. Names of targets and keys are opaque to it. */
export interface TargetHealthService {
  report(report: HealthReport): Promise<HealthAnswer>;
  /** Whether the caller may send the one probe of a half-open circuit. */
  leaseProbe(target: string): Promise<{ readonly granted: boolean; readonly state: TargetState }>;
  /** As many of the places as are free; those that the isolate held already are kept. */
  leasePlaces(request: PlaceRequest): Promise<PlaceLease>;
}
