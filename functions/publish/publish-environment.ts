import { compileBundle, encodeBundle, pointerMessage } from "@millrace/core/bundle";
import { type BundlePointer, type ConfigHubService, MillraceError, toMillraceError } from "@millrace/core/contract";
import type { Database } from "../database.ts";
import { asStateError } from "../database-error.ts";
import type { SignMessage } from "./bundle-signer.ts";
import {
  insertPublication,
  markFailed,
  markPublished,
  type Publication,
  type PublicationState,
  readPublicationState,
} from "./publication-store.ts";

/** Each lost race means that another publisher got further; more in a row than this is a fault, not a race. */
const MAX_ROUNDS = 10;

export interface PublishDeps {
  readonly db: Database;
  /** KV: `bundle:<hash>` and `pointer:<environmentId>`. */
  readonly kv: { put(key: string, value: string): Promise<void> };
  readonly hub: (environmentId: string) => ConfigHubService;
  readonly sign: SignMessage;
  readonly now: () => Date;
}

export interface PublishReport {
  readonly epoch: number;
  readonly hash: string;
  /** False when what is served already was the newest state. */
  readonly changed: boolean;
}

/**
 * Brings the committed state of one environment to the edge: read in one snapshot → compile → record the epoch (compare-and-set) → KV →
 * config hub → KV pointer → mark the outbox rows that the snapshot contained. Every step may be repeated, so after a crash at any of them a
 * second call completes the work; concurrent calls converge on the newest state.
 * @throws MillraceError `unknown-resource` for an environment that does not exist, `bundle-too-large`, `state-unavailable`; or what KV or the
 * hub threw. The outbox rows then stay pending, with the error's code.
 */
export async function publishEnvironment(deps: PublishDeps, environmentId: string): Promise<PublishReport> {
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const report = await publishRound(deps, environmentId);
      if (report !== undefined) return report;
    }
    throw new MillraceError("internal", { message: `Publishing ${environmentId} lost ${MAX_ROUNDS} races in a row.` });
  } catch (error) {
    const known = asStateError(error);
    // When the database itself is away this cannot be written either; the rows are pending all the same.
    await markFailed(deps.db, environmentId, toMillraceError(known).code).catch(() => undefined);
    throw known;
  }
}

/** Undefined when another publisher was faster: read again. */
async function publishRound(deps: PublishDeps, environmentId: string): Promise<PublishReport | undefined> {
  const state = await readPublicationState(deps.db, environmentId);
  if (state === undefined)
    throw new MillraceError("unknown-resource", { message: `There is no environment ${environmentId}.` });
  const encoded = encodeBundle(compileBundle(state.rows));
  const hub = deps.hub(environmentId);
  const served = await hub.current();
  const recorded = recordedPointer({ state, hash: encoded.hash, served });
  const pointer = recorded ?? (await recordNext({ deps, state, encoded, served }));
  if (pointer === undefined) return undefined;
  const live = served?.epoch === pointer.epoch && served.hash === pointer.hash;
  if (!live) {
    await deps.kv.put(`bundle:${pointer.hash}`, encoded.json);
    const outcome = await hub.publish(pointer, encoded.json);
    if (!outcome.ok) return undefined;
  }
  if (!live || state.pending.length > 0) await storePointer(deps, hub, pointer);
  await markPublished(deps.db, state.pending, deps.now());
  return { epoch: pointer.epoch, hash: pointer.hash, changed: !live };
}

interface RecordedQuestion {
  readonly state: PublicationState;
  readonly hash: string;
  readonly served: BundlePointer | null;
}

/** The last publication, when it already holds this state. Not when the hub is ahead of the database, as after restoring a backup. */
function recordedPointer({ state, hash, served }: RecordedQuestion): BundlePointer | undefined {
  const { latest, rows } = state;
  if (latest === null || latest.hash !== hash) return undefined;
  if (served !== null && (served.epoch > latest.epoch || (served.epoch === latest.epoch && served.hash !== hash)))
    return undefined;
  return toPointer(rows.environment.id, latest);
}

interface NextQuestion {
  readonly deps: PublishDeps;
  readonly state: PublicationState;
  readonly encoded: ReturnType<typeof encodeBundle>;
  readonly served: BundlePointer | null;
}

async function recordNext({ deps, state, encoded, served }: NextQuestion): Promise<BundlePointer | undefined> {
  const environmentId = state.rows.environment.id;
  const epoch = Math.max(state.latest?.epoch ?? 0, served?.epoch ?? 0) + 1;
  const publication: Publication = {
    epoch,
    hash: encoded.hash,
    signature: await deps.sign(pointerMessage({ environmentId, epoch, hash: encoded.hash })),
    publishedAt: deps.now().toISOString(),
  };
  const row = { ...publication, projectId: state.rows.project.id, environmentId, bytes: encoded.bytes };
  return (await insertPublication(deps.db, row)) ? toPointer(environmentId, publication) : undefined;
}

/** KV takes the last writer, who need not be the newest: whoever writes looks at the hub again and puts what is newest there. */
async function storePointer(deps: PublishDeps, hub: ConfigHubService, pointer: BundlePointer): Promise<void> {
  let newest: BundlePointer | null = pointer;
  for (let stored = 0; newest !== null && newest.epoch > stored; newest = await hub.current()) {
    await deps.kv.put(`pointer:${newest.environmentId}`, JSON.stringify(newest));
    stored = newest.epoch;
  }
}

function toPointer(environmentId: string, publication: Publication): BundlePointer {
  return {
    environmentId,
    epoch: publication.epoch,
    hash: publication.hash,
    signature: publication.signature,
    publishedAtMs: new Date(publication.publishedAt).getTime(),
  };
}
