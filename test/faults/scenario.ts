import type { Model, Provider } from "@millrace/core/contract";
import type { Answer } from "../fakes/upstream.ts";

/** What a scenario may wait for. */
export interface World {
  /** Resolves when the caller has the first text of the answer. */
  readonly firstText: Promise<void>;
  /** `http://127.0.0.1:<port>` of the scripted providers. */
  readonly origin: string;
}

/** One target of the model under test, in the order of its fallback route. */
export interface FaultTarget {
  /** The provider's name; its model is `model-<name>`. */
  readonly name: string;
  /** What it answers, one after the other; the last goes on for ever. */
  readonly answers?: readonly Answer[];
  /** Instead of the scripted server. */
  readonly url?: string;
  readonly provider?: Partial<Pick<Provider, "kind" | "secrets" | "max_concurrent">>;
  readonly timeouts?: Partial<Provider["timeouts"]>;
  readonly contextTokens?: number;
  readonly prefill?: boolean;
}

interface Expected {
  /** `<kind> <provider> <outcome>` of each attempt, in the order in which they ended. */
  readonly attempts: readonly string[];
  /** Tokens that providers reported, over all attempts; absent = those of one sound answer for each attempt that was ok. */
  readonly billed?: { readonly input: number; readonly output: number };
  /** How many attempts brought nothing and may have been carried out all the same, so that the cost is unknown; absent = none. */
  readonly inDoubt?: number;
}

/** How a scenario must end. Nothing else counts as a pass. */
export type Expectation = Expected &
  (
    | {
        /** One whole answer, exactly once. */
        readonly outcome: "answered";
        readonly by: string;
        readonly text?: string;
        readonly finish?: string;
      }
    | {
        /** One error in place of an answer. */
        readonly outcome: "refused";
        readonly status: number;
        readonly code: string;
        readonly retryAfter?: string;
        /** Codes of the causes, in order. */
        readonly causes?: readonly string[];
      }
    | {
        /** An answer that ends with an error event, and claims nothing else. */
        readonly outcome: "broken";
        readonly code: string;
        readonly text: string;
      }
  );

export interface Scenario {
  /** In the words of the scorecard. */
  readonly fault: string;
  readonly stream: boolean;
  readonly targets: (world: World) => readonly FaultTarget[];
  readonly resilience?: Partial<NonNullable<Model["resilience"]>>;
  /** Fields of the request beside model, messages and stream. */
  readonly request?: Readonly<Record<string, unknown>>;
  readonly expect: Expectation;
  /** What else must hold of the events that the caller got. @returns what is wrong. */
  readonly check?: (events: readonly string[]) => string | undefined;
}

/** The same fault in both forms of an answer. */
export function inBothForms(scenario: Omit<Scenario, "stream">): Scenario[] {
  return [
    { ...scenario, stream: false },
    { ...scenario, stream: true },
  ];
}
