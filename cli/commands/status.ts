import type { Command } from "commander";
import { exitCodes } from "../cli-error.ts";
import { present } from "../context.ts";
import { safeLine } from "../render/safe-text.ts";
import type { Run } from "./run.ts";

export function addStatus(program: Command, run: Run): void {
  program
    .command("status")
    .description("what runs, how it is, and what is live; exit code 1 when a part is away")
    .action(
      run(async (context) => {
        const client = context.client();
        const readiness = await client.readiness();
        const me = await client.me();
        const bundle = await client.bundle();
        present(context, { url: client.url, ...readiness, me, bundle }, () => {
          const { paint } = context;
          const parts = Object.entries(readiness.parts).map(([name, part]) => {
            const mark = part.status === "ok" ? paint("green", "ready") : paint("red", "away ");
            return `  ${mark}  ${name.padEnd(10)} ${safeLine(part.detail ?? "")}`.trimEnd();
          });
          const waiting = bundle.pending === 0 ? "" : paint("yellow", `, ${bundle.pending} changes wait`);
          return [
            `${paint("bold", client.url)}  ${me.project.slug} / ${me.environment.name}`,
            ...parts,
            `  bundle ${bundle.epoch ?? "–"} ${(bundle.hash ?? "").slice(0, 12)}${waiting}`,
            "",
          ].join("\n");
        });
        return readiness.status === "ok" ? exitCodes.done : exitCodes.failed;
      }),
    );
}
