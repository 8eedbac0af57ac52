import { permissionSchema, type Permission } from "@millrace/core/contract";
import { Option, type Command } from "commander";
import { usageError } from "../cli-error.ts";
import { present } from "../context.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderTable } from "../render/table.ts";
import { renderMinute } from "../render/time.ts";
import type { Run } from "./run.ts";

interface CreateOptions {
  readonly permission: Permission[];
  readonly expires?: string;
}

export function addKeyCommands(group: Command, run: Run): void {
  group
    .command("list")
    .alias("ls")
    .description("list the keys of this environment")
    .action(
      run(async (context) => {
        const list = await context.client().keys();
        present(context, list, () => {
          const rows = list.data.map((key) => [
            key.id,
            safeLine(key.name),
            safeLine(key.hint),
            keyState(key, context.nowMs()),
            key.permissions.join(" "),
          ]);
          return renderTable(context.paint, ["ID", "NAME", "KEY", "STATE", "PERMISSIONS"], rows) || "No keys.\n";
        });
        return undefined;
      }),
    );
  group
    .command("create")
    .argument("<name>", "what it is for")
    .description("create a key; it is printed once, on standard output, and never again")
    .addOption(
      new Option("--permission <permission...>", "what it may do")
        .choices(permissionSchema.options)
        .default(["inference"]),
    )
    .option("--expires <date>", "when it stops working, such as 2027-01-31")
    .action(
      run(async (context, [name, options]: [string, CreateOptions]) => {
        const expires = options.expires === undefined ? undefined : new Date(options.expires);
        if (expires !== undefined && Number.isNaN(expires.getTime()))
          throw usageError(`not a date: ${options.expires ?? ""}`);
        const created = await context.client().createKey({
          name,
          permissions: options.permission,
          ...(expires === undefined ? {} : { expires_at: expires.toISOString() }),
        });
        present(context, created, () => `${created.key}\n`);
        if (!context.json) context.note(`${created.id}: keep the key now, it is not shown again.\n`);
        return undefined;
      }),
    );
  group
    .command("revoke")
    .argument("<id>", "key_…, from `millrace keys list`")
    .description("revoke a key; it stops working everywhere within 5 seconds")
    .action(
      run(async (context, [id]: [string]) => {
        const key = await context.client().revokeKey(id);
        present(context, key, () => `${key.id}  ${safeLine(key.name)}  ${context.paint("red", "revoked")}\n`);
        return undefined;
      }),
    );
}

function keyState(key: { revoked_at: string | null; expires_at: string | null }, nowMs: number): string {
  if (key.revoked_at !== null) return `revoked ${renderMinute(key.revoked_at)}`;
  if (key.expires_at === null) return "active";
  return Date.parse(key.expires_at) <= nowMs ? "expired" : `until ${renderMinute(key.expires_at)}`;
}
