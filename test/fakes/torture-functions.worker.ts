import { Ledger as RealLedger } from "../../functions/objects/ledger.ts";
import { TraceOutbox as RealOutbox } from "../../functions/objects/trace-outbox.ts";

// The hub and the queue's end are doubles; what keeps money is the real thing.
export { ConfigHub, ControlApi, default } from "./functions.worker.ts";

/** The ledger, which the test can let die: what is not on disk is lost, and every call under way fails. */
export class Ledger extends RealLedger {
  async crash(): Promise<void> {
    this.ctx.abort("as the test says");
  }
}

/** The same of the outbox. */
export class TraceOutbox extends RealOutbox {
  async crash(): Promise<void> {
    this.ctx.abort("as the test says");
  }
}
