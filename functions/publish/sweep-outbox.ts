import { toMillraceError } from "@millrace/core/contract";
import { dropDone, environmentsToPublish } from "./publication-store.ts";
import { publishEnvironment, type PublishDeps } from "./publish-environment.ts";

/** A cron tick a minute: what does not fit into this one is first in the next. */
const ENVIRONMENTS_PER_SWEEP = 50;
/** Done rows are kept this long for whoever asks what happened; the audit keeps it for good. */
const KEEP_DONE_MS = 7 * 24 * 3600 * 1000;

export interface SweepReport {
  readonly published: readonly string[];
  readonly failed: readonly { readonly environmentId: string; readonly code: string }[];
}

/**
 * Publishes whatever a killed or failed publication left behind. One environment's failure does not hold up another.
 * @throws MillraceError or the driver's error when the outbox itself cannot be read.
 */
export async function sweepOutbox(deps: PublishDeps): Promise<SweepReport> {
  const published: string[] = [];
  const failed: { environmentId: string; code: string }[] = [];
  for (const environmentId of await environmentsToPublish(deps.db, ENVIRONMENTS_PER_SWEEP)) {
    try {
      await publishEnvironment(deps, environmentId);
      published.push(environmentId);
    } catch (error) {
      failed.push({ environmentId, code: toMillraceError(error).code });
    }
  }
  await dropDone(deps.db, new Date(deps.now().getTime() - KEEP_DONE_MS));
  return { published, failed };
}
