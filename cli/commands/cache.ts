import type { PurgeCache } from "@millrace/core/contract";
import type { Command } from "commander";
import { usageError } from "../cli-error.ts";
import { present } from "../context.ts";
import { noteLive } from "./await-live.ts";
import type { Run } from "./run.ts";

interface PurgeOptions {
  readonly everything?: boolean;
  readonly prompt?: string;
  readonly tag?: string;
}

export function addCacheCommands(group: Command, run: Run): void {
  group
    .command("purge")
    .description("forget kept answers of this environment; no place serves them 5 seconds later")
    .option("--everything", "all of them")
    .option("--prompt <name[@number]>", "those of a prompt, or of one of its versions")
    .option("--tag <tag>", "those that were marked with x-millrace-cache-tags")
    .action(
      run(async (context, [options]: [PurgeOptions]) => {
        const asked = purgeOf(options);
        const startedMs = context.nowMs();
        const purged = await context.client().purgeCache(asked);
        present(context, purged, () => `Forgotten: ${purged.purged}${nameOf(asked, purged.purged)}.\n`);
        await noteLive(context, startedMs);
        return undefined;
      }),
    );
}

/** What was named, where no more than that was forgotten. */
function nameOf(asked: PurgeCache, purged: string): string {
  if ("tag" in asked && purged === "tag") return ` ${asked.tag}`;
  if (!("prompt" in asked)) return "";
  return ` ${asked.prompt}${asked.version === undefined ? "" : `@${asked.version}`}`;
}

function purgeOf({ everything, prompt, tag }: PurgeOptions): PurgeCache {
  const given = [everything, prompt, tag].filter((value) => value !== undefined);
  if (given.length !== 1) throw usageError("say one of --everything, --prompt <name[@number]>, --tag <tag>");
  if (tag !== undefined) return { tag };
  if (prompt === undefined) return { everything: true };
  const [name = "", number] = prompt.split("@");
  if (number === undefined) return { prompt: name };
  if (!/^[1-9]\d*$/.test(number)) throw usageError(`not a version number: ${number}`);
  return { prompt: name, version: Number(number) };
}
