import type { traceDetailSchema } from "@millrace/core/contract";
import type { Command } from "commander";
import type { z } from "zod";
import { present } from "../context.ts";
import type { Painter } from "../render/painter.ts";
import { safeText } from "../render/safe-text.ts";
import { spanLines } from "../render/span-lines.ts";
import { renderTraceLine } from "../render/trace-line.ts";
import type { Run } from "./run.ts";

type TraceDetail = z.output<typeof traceDetailSchema>;

export function addTracesShow(group: Command, run: Run): void {
  group
    .command("show")
    .argument("<id>", "trc_…, from a response header or `traces tail`")
    .description("one trace with its spans and what was said")
    .action(
      run(async (context, [id]: [string]) => {
        const trace = await context.client().trace(id);
        present(context, trace, () => renderTrace(context.paint, trace));
        return undefined;
      }),
    );
}

function renderTrace(paint: Painter, trace: TraceDetail): string {
  const spans = spanLines(paint, trace.spans);
  const said = trace.bodies === null ? [] : sections(paint, trace.bodies);
  return [renderTraceLine(paint, trace), ...spans, ...said, ""].join("\n");
}

function sections(paint: Painter, bodies: NonNullable<TraceDetail["bodies"]>): string[] {
  return Object.entries(bodies).flatMap(([name, body]) =>
    body === null ? [] : [paint("bold", `\n${name}`), safeText(JSON.stringify(body, null, 2))],
  );
}
