import type { labelStateSchema } from "@millrace/core/contract";
import type { z } from "zod";
import { present, type CliContext } from "../context.ts";
import { renderDuration } from "../render/time.ts";
import { awaitLive } from "./await-live.ts";

export type LabelState = z.output<typeof labelStateSchema>;

/** Moves a label, waits until the move is live, and says how long that took. */
export async function moveLabel(context: CliContext, name: string, move: () => Promise<LabelState>): Promise<void> {
  const startedMs = context.nowMs();
  const state = await move();
  const liveAfterMs = await awaitLive(context, startedMs);
  present(context, { ...state, live_after_ms: liveAfterMs }, () => {
    const target = state.version === null ? "removed" : `version ${state.version}`;
    return `${context.paint("bold", name)}  ${state.label} → ${context.paint("green", target)}  live after ${renderDuration(liveAfterMs)}\n`;
  });
}
