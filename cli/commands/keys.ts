import { permissionSchema, type Permission } from "@millrace/core/contract";
import { Option, type Command } from "commander";
import { CliError, usageError } from "../cli-error.ts";
import { type CliContext, present } from "../context.ts";
import { safeLine } from "../render/safe-text.ts";
import { renderTable } from "../render/table.ts";
import { renderMinute } from "../render/time.ts";
import { noteLive } from "./await-live.ts";
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
    .description("create a key and wait until it works; it is printed once, on standard output, and never again")
    .addOption(
      new Option("--permission <permission...>", "what it may do")
        .choices(permissionSchema.options)
        .default(["inference"]),
    )
    .option("--expires <date>", "when it stops working, such as 2027-01-31")
    .action(run(create));
  group
    .command("revoke")
    .argument("<id>", "key_…, from `millrace keys list`")
    .description("revoke a key; it stops working everywhere within 5 seconds")
    .action(
      run(async (context, [id]: [string]) => {
        const startedMs = context.nowMs();
        const key = await context.client().revokeKey(id);
        present(context, key, () => `${key.id}  ${safeLine(key.name)}  ${context.paint("red", "revoked")}\n`);
        await noteLive(context, startedMs).catch(unlessItWasOurs);
        return undefined;
      }),
    );
}

async function create(context: CliContext, [name, options]: [string, CreateOptions]): Promise<undefined> {
  const expires = options.expires === undefined ? undefined : parseExpiry(options.expires, context.nowMs());
  const startedMs = context.nowMs();
  const created = await context.client().createKey({
    name,
    permissions: options.permission,
    ...(expires === undefined ? {} : { expires_at: expires.toISOString() }),
  });
  // Before the wait: whatever becomes of that, this is the only time that the key can be told.
  present(context, created, () => `${created.key}\n`);
  if (!context.json) context.note(`${created.id}: keep the key now, it is not shown again.\n`);
  await noteLive(context, startedMs);
  return undefined;
}

/** @throws CliError `usage` for what is no date, and for one that is past: the key would be dead from the start. */
function parseExpiry(text: string, nowMs: number): Date {
  const expires = new Date(text);
  if (Number.isNaN(expires.getTime())) throw usageError(`not a date: ${text}`, "Give one such as 2027-01-31.");
  if (expires.getTime() > nowMs) return expires;
  throw usageError(
    `--expires ${text} is past (${expires.toISOString()}); a key that ended then would never work`,
    "Give a date in the future, such as 2027-01-31, or leave --expires out.",
  );
}

/** A key that revokes itself is refused as soon as that is live: then there is nothing left to wait for, and nobody left to ask. */
function unlessItWasOurs(error: unknown): void {
  if (!(error instanceof CliError) || error.code !== "invalid-key") throw error;
}

function keyState(key: { revoked_at: string | null; expires_at: string | null }, nowMs: number): string {
  if (key.revoked_at !== null) return `revoked ${renderMinute(key.revoked_at)}`;
  if (key.expires_at === null) return "active";
  return Date.parse(key.expires_at) <= nowMs ? "expired" : `until ${renderMinute(key.expires_at)}`;
}
