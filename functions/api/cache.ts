import {
  MAX_PURGED_TAGS,
  MillraceError,
  type PurgeCache,
  purgeCacheSchema,
  type purgedCacheSchema,
} from "@millrace/core/contract";
import type { z } from "zod";
import { countPurge, purgedTags, type PurgeSubject } from "../stores/cache-store.ts";
import { getPrompt } from "../stores/prompt-store.ts";
import { findVersionByNumber } from "../stores/version-store.ts";
import { type Call, type Handlers, ok } from "./call.ts";

/** The cache of answers. */
export const cacheHandlers: Handlers = {
  purgeCache: async (call) => {
    const subject = await subjectOf(call, purgeCacheSchema.parse(call.body));
    const { environmentIds } = await countPurge(call.change, subject);
    call.deps.publish(environmentIds);
    return ok({ purged: subject.kind, at: call.change.at.toISOString() } satisfies z.output<typeof purgedCacheSchema>);
  },
};

const EVERYTHING: PurgeSubject = { kind: "environment", subject: "" };

/** @throws MillraceError `unknown-prompt`, `unknown-version` */
async function subjectOf(call: Call, purge: PurgeCache): Promise<PurgeSubject> {
  if ("everything" in purge) return EVERYTHING;
  if ("tag" in purge) {
    // More than the bundle can carry: forgetting too much costs calls, forgetting too little serves what was to be gone.
    const full = (await purgedTags(call.tenant, call.change.at)) >= MAX_PURGED_TAGS;
    return full ? EVERYTHING : { kind: "tag", subject: purge.tag };
  }
  const prompt = await getPrompt(call.tenant, purge.prompt);
  if (purge.version === undefined) return { kind: "prompt", subject: prompt.name };
  const version = await findVersionByNumber(call.tenant, prompt.id, purge.version);
  if (version === undefined)
    throw new MillraceError("unknown-version", { message: `${prompt.name} has no version ${purge.version}.` });
  return { kind: "version", subject: version.hash };
}
