import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError, promptContentSchema, renderProblem } from "@millrace/core/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlApi, fakeTrace } from "../test/fakes/control-api.ts";
import { millrace } from "../test/support/cli.ts";
import { openInEditor } from "./editor.ts";

const content = (system: string) => promptContentSchema.parse({ system, settings: { model: "millrace-support" } });

let server: FakeControlApi;
let folder: string;
const cli = async (...args: string[]) => millrace(server, args);

beforeEach(async () => {
  server = new FakeControlApi();
  await server.start();
  server.addVersion("support-reply", content("Use a formal tone."));
  server.addVersion("support-reply", content("Use a friendly tone."), "friendlier");
  server.moveLabel("support-reply", "production", { version: 1 });
  folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("prompts", () => {
  it("publishes the latest version and waits until nothing is left to publish", async () => {
    server.pendingAnswers = 3;
    const { exitCode, out } = await cli("prompt", "publish", "support-reply", "--reason", "tone");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/support-reply {2}production → version 2 {2}live after [\d.]+ m?s/);
    expect(server.pendingAnswers).toBe(0);
  });

  it("publishes the version that is named, and refuses one together with a file", async () => {
    expect((await cli("prompt", "publish", "support-reply", "1")).out).toContain("production → version 1");
    expect((await cli("prompt", "publish", "support-reply", "1", "--file", "a.prompt")).exitCode).toBe(64);
  });

  it("rolls back, and tells versions and moves on one time line", async () => {
    await cli("prompt", "publish", "support-reply");
    expect((await cli("prompt", "rollback", "support-reply")).out).toContain("production → version 1");
    const { out } = await cli("prompt", "history", "support-reply");
    expect(out).toMatch(/production 2 → 1 {2}rollback/);
    expect(out).toMatch(/version 2 .*friendlier/);
    const { out: json } = await cli("prompt", "history", "support-reply", "--json");
    expect(JSON.parse(json)).toMatchObject({
      data: [{ type: "move" }, { type: "move" }, { type: "move" }, { type: "version" }, { type: "version" }],
    });
  });

  it("misses a label by name", async () => {
    const { exitCode, note } = await cli("prompt", "label", "support-reply", "canary");
    expect([exitCode, note]).toEqual([1, expect.stringContaining("support-reply has no label canary")]);
  });

  it("marks the changed words even without colour", async () => {
    const { out } = await cli("prompt", "diff", "support-reply", "1", "2");
    expect(out).toContain("[-formal-]{+friendly+}");
  });

  it("renders the version behind an @, the labelled one without, and the latest where no label was set yet", async () => {
    const rendered: unknown[] = [];
    const answer: typeof fetch = async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      if (!pathname.endsWith("/render")) return fetch(input, init);
      const text = typeof init?.body === "string" ? init.body : "";
      rendered.push(JSON.parse(text));
      if (pathname.includes("order-intent") && !text.includes('"version"'))
        return Response.json(renderProblem(new MillraceError("unknown-label")), { status: 404 });
      return Response.json({ prompt: "p", version: 1, hash, resolved_hash: hash, request: { messages: [] } });
    };
    const render = async (...args: string[]) => millrace(server, ["prompt", "render", ...args], { fetch: answer });
    const hash = "a".repeat(64);
    server.addVersion("order-intent", content("You sort orders."));
    expect((await render("support-reply@candidate")).exitCode).toBe(0);
    await render("support-reply");
    expect((await render("order-intent")).note).toContain("order-intent version 1");
    expect(rendered).toEqual([
      expect.objectContaining({ version: "candidate" }),
      expect.not.objectContaining({ version: expect.anything() }),
      expect.not.objectContaining({ version: expect.anything() }),
      expect.objectContaining({ version: "1" }),
    ]);
    expect((await render("support-reply@1", "--version", "2")).exitCode).toBe(64);
    expect((await cli("prompt", "show", "support-reply@2")).out).toContain("friendly");
  });

  it("compares a local file with the server", async () => {
    const file = join(folder, "support-reply.prompt");
    await writeFile(file, (await cli("prompt", "show", "support-reply", "2")).out.replace("friendly", "terse"));
    const { out, exitCode } = await cli("prompt", "diff", "support-reply", "--file", file);
    expect(exitCode).toBe(0);
    expect(out).toContain("~ system");
    expect(out).toContain("[-friendly-]{+terse+}");
  });

  it("says code, cause and remedy when the server refuses, and exits 1", async () => {
    const { exitCode, note } = await cli("prompt", "show", "nothing");
    expect(exitCode).toBe(1);
    expect(note).toContain("unknown-prompt: There is no prompt nothing.");
    expect(note).toContain("millrace prompt list");
    const { note: json } = await cli("prompt", "show", "nothing", "--json");
    expect(JSON.parse(json)).toMatchObject({ error: { code: "unknown-prompt", retryable: false } });
  });

  it("names the field that is at fault, also for scripts", async () => {
    const { exitCode, note } = await cli("keys", "create", "x".repeat(500), "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(note)).toMatchObject({ error: { code: "invalid-request", param: "name" } });
    expect((await cli("keys", "create", "x".repeat(500))).note).toContain("(name)");
  });

  it("exits 64 for a command that is not one of ours, and suggests one that is", async () => {
    const { exitCode, note } = await cli("prompt", "pubish", "x");
    expect(exitCode).toBe(64);
    expect(note).toContain("publish");
  });

  it("exits 3 when nothing answers", async () => {
    await server.stop();
    const { exitCode, note } = await cli("prompt", "list");
    expect(exitCode).toBe(3);
    expect(note).toContain("unreachable");
  });

  it("never lets a stored text steer the terminal", async () => {
    server.addVersion("support-reply", content("x"), "evil \u001b]0;title\u0007");
    expect((await cli("prompt", "history", "support-reply")).out).not.toContain("\u001b");
  });
});

describe("prompt edit", () => {
  const edit = async (script: string, args: readonly string[] = [], confirm = false) => {
    const editor = join(folder, "editor.sh");
    await writeFile(editor, `#!/bin/sh\n${script}\n`);
    await chmod(editor, 0o755);
    return millrace(server, ["prompt", "edit", "support-reply", ...args], {
      edit: async (file) => openInEditor(file, { EDITOR: `${editor} --wait`, PATH: process.env["PATH"] }),
      confirm: async () => confirm,
    });
  };
  // The first argument is the editor's own; the file is the last.
  const replace = (from: string, to: string) => `for f; do :; done; sed -i 's/${from}/${to}/' "$f"`;

  it("stores what the editor saved, shows what changed, and makes it live", async () => {
    const options = ["--publish", "--from", "latest", "--message", "more cheer"];
    const { exitCode, note, out } = await edit(replace("friendly", "cheerful"), options);
    expect(exitCode).toBe(0);
    expect(note).toContain("{+cheerful+}");
    expect(out).toContain("production → version 3");
    expect(server.prompts.get("support-reply")?.versions.at(-1)).toMatchObject({ version: 3, message: "more cheer" });
  });

  it("publishes an edit of what is live, without what a later version holds, and says so", async () => {
    const { exitCode, note, out } = await edit(replace("formal", "stately"), ["--publish"]);
    expect(exitCode).toBe(0);
    expect(note).toContain("You edit version 1; what came after it is not in it.");
    expect(note).toContain("millrace prompt diff support-reply 1 2");
    expect(note).toContain("[-formal-]{+stately+}");
    expect(out).toContain("production → version 3");
    expect(server.prompts.get("support-reply")?.versions.at(-1)?.content.system).toContain("stately");
  });

  it("says so when an earlier version has the text already", async () => {
    const { note } = await edit(replace("friendly", "formal"));
    expect(note).toContain("support-reply version 1 says just that already");
  });

  it("warns of a setting that will have no effect, by the prompt's own name", async () => {
    const { note } = await edit(`for f; do :; done; sed -i '1a config: { temperatur: 0 }' "$f"`);
    expect(note).toMatch(/^warning: support-reply\.prompt:2:\d+: `temperatur` has no effect here/m);
  });

  it("begins with the version that is named", async () => {
    expect((await edit(replace("formal", "stately"), ["--from", "1"])).note).toContain("[-formal-]{+stately+}");
    expect((await edit("true", ["--from", "nothing"])).note).toContain("unknown-label");
  });

  it("makes nothing when nothing changed", async () => {
    const { exitCode, note } = await edit("true", ["--publish"]);
    expect(exitCode).toBe(0);
    expect(note).toContain("Nothing changed.");
    expect(server.prompts.get("support-reply")?.versions).toHaveLength(2);
  });

  it("opens a file that is not valid again", async () => {
    const again = `for f; do :; done; if grep -q temper "$f"; then sed -i '/temper/d; s/friendly/calm/' "$f"; else sed -i '1a temper: [' "$f"; fi`;
    const { exitCode, note } = await edit(again, [], true);
    expect(note).toMatch(/support-reply\.prompt:\d+:\d+/);
    expect(exitCode).toBe(0);
    expect(server.prompts.get("support-reply")?.versions).toHaveLength(3);
  });

  it("keeps the text when the author gives up, and when somebody else was first", async () => {
    const gaveUp = await edit(`for f; do :; done; sed -i '1a mine: [' "$f"`);
    expect(gaveUp.exitCode).toBe(1);
    const kept = /kept in (.*)\n/.exec(gaveUp.note)?.[1] ?? "";
    expect(await readFile(kept, "utf8")).toContain("mine: [");

    const raced = await millrace(server, ["prompt", "edit", "support-reply"], {
      edit: async (file) => {
        await writeFile(file, (await readFile(file, "utf8")).replace("friendly", "raced"));
        server.addVersion("support-reply", content("Somebody was first."));
        return 0;
      },
    });
    expect(raced.exitCode).toBe(2);
    expect(await readFile(/kept in (.*)\n/.exec(raced.note)?.[1] ?? "", "utf8")).toContain("raced");
  });
});

describe("prompt pull and push", () => {
  const file = () => join(folder, "support-reply.prompt");
  const change = async (from: string, to: string) =>
    writeFile(file(), (await readFile(file(), "utf8")).replace(from, to));
  const push = async (...args: string[]) => cli("prompt", "push", folder, ...args);
  const pull = async (...args: string[]) => cli("prompt", "pull", folder, ...args);
  const latest = () => server.prompts.get("support-reply")?.versions.at(-1);

  it("pulls files and a lock, and then has nothing to do in either direction", async () => {
    expect((await pull()).out).toContain("pulled");
    expect((await readdir(folder)).toSorted()).toEqual(["millrace.lock.json", "support-reply.prompt"]);
    expect((await pull()).out).toMatch(/^unchanged/);
    expect((await push()).out).toMatch(/^unchanged/);
  });

  it("pushes what changed in the file only", async () => {
    await pull();
    await change("friendly", "terse");
    expect((await push("--dry-run")).out).toContain("dry run");
    expect(latest()?.version).toBe(2);
    const { exitCode, out } = await push("--message", "shorter");
    expect(exitCode).toBe(0);
    expect(out).toContain("version 3");
    expect(latest()).toMatchObject({ version: 3, message: "shorter", content: { system: "Use a terse tone." } });
    expect((await push()).out).toMatch(/^unchanged/);
  });

  it("pulls what changed on the server only, and push leaves it alone", async () => {
    await pull();
    server.addVersion("support-reply", content("Use a warm tone."));
    expect((await push()).out).toContain("pull it");
    expect(latest()?.version).toBe(3);
    expect((await pull("--dry-run")).out).toContain("dry run");
    expect(await readFile(file(), "utf8")).toContain("friendly");
    await pull();
    expect(await readFile(file(), "utf8")).toContain("warm");
  });

  it.each(["push", "pull"])(
    "%s stops at a change on both sides, shows both and overwrites nothing",
    async (command) => {
      await pull();
      await change("friendly", "terse");
      server.addVersion("support-reply", content("Use a warm tone."));
      const before = await readFile(file(), "utf8");
      const { exitCode, out } = await cli("prompt", command, folder);
      expect(exitCode).toBe(2);
      expect(out).toContain("[-friendly-]{+terse+}");
      expect(out).toContain("[-friendly-]{+warm+}");
      expect(await readFile(file(), "utf8")).toBe(before);
      expect(latest()?.version).toBe(3);
    },
  );

  it("lets --force decide a conflict for the side that is named", async () => {
    await pull();
    await change("friendly", "terse");
    server.addVersion("support-reply", content("Use a warm tone."));
    expect((await push("--force")).exitCode).toBe(0);
    expect(latest()).toMatchObject({ version: 4, content: { system: "Use a terse tone." } });
    server.addVersion("support-reply", content("Use a calm tone."));
    await change("terse", "loud");
    expect((await pull("--force")).exitCode).toBe(0);
    expect(await readFile(file(), "utf8")).toContain("calm");
  });

  it("deletes nothing that was not asked for, on either side", async () => {
    await pull();
    await rm(file());
    expect((await push()).out).toContain("the server keeps its versions");
    expect((await pull()).out).toContain("--force brings it back");
    expect(await readdir(folder)).not.toContain("support-reply.prompt");
    await pull("--force");
    server.prompts.delete("support-reply");
    expect((await pull()).out).toContain("--prune");
    expect(await readdir(folder)).toContain("support-reply.prompt");
    await pull("--prune");
    expect(await readdir(folder)).not.toContain("support-reply.prompt");
  });

  it("tells the place of a malformed file, still handles the others, and exits 1", async () => {
    await pull();
    await writeFile(join(folder, "broken.prompt"), "---\nmodel: [\n---\nx\n");
    await change("friendly", "terse");
    const { exitCode, out } = await push();
    expect(exitCode).toBe(1);
    expect(out).toMatch(/broken\.prompt:\d+:\d+: /);
    expect(latest()?.version).toBe(3);
    expect(server.prompts.has("broken")).toBe(false);
  });

  it("warns of settings that will have no effect, with their place, and stores the file as it is", async () => {
    await pull();
    const text = (await readFile(file(), "utf8")).replace(
      "---\n",
      "---\nconfig:\n  temperatur: 0.1\n  cache_ttl_seconds: 60\n",
    );
    await writeFile(file(), text);
    const dry = await push("--dry-run");
    const { exitCode, note } = await push();
    expect(exitCode).toBe(0);
    for (const said of [dry.note, note]) {
      expect(said).toMatch(/warning: .*support-reply\.prompt:3:15: `temperatur` .*`temperature`, under `config`/);
      expect(said).toMatch(/warning: .*:4:22: .*belongs under `millrace: settings`/);
    }
    expect(latest()?.version).toBe(3);
    expect((await cli("prompt", "show", "support-reply", "3")).out).toBe(text);
    const json = await cli("prompt", "push", folder, "--force", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ data: [{ name: "support-reply", action: "unchanged" }] });
    for (const words of [
      ["diff", "support-reply", "--file"],
      ["publish", "support-reply", "--file"],
    ])
      expect((await cli("prompt", ...words, file())).note).toContain("`temperature`, under `config`");
    expect((await cli("prompt", "new", "other", "--file", file())).note).toContain("`temperature`, under `config`");
  });

  it("creates a prompt from a new file", async () => {
    await pull();
    await writeFile(join(folder, "support-triage.prompt"), await readFile(file(), "utf8"));
    expect((await push()).out).toMatch(/created +support-triage/);
    expect(server.prompts.has("support-triage")).toBe(true);
  });

  it("refuses to guess when the lock is damaged", async () => {
    await pull();
    await writeFile(join(folder, "millrace.lock.json"), "<<<<<<< HEAD\n");
    const { exitCode, note } = await push();
    expect(exitCode).toBe(1);
    expect(note).toContain("nothing was done");
  });
});

describe("traces tail", () => {
  it("follows across a restart of the server, without a gap and without a repeat", async () => {
    server.traces.push(fakeTrace(1));
    const stop = new AbortController();
    const seen: string[] = [];
    let connected = 0;
    const notes: string[] = [];
    const tail = millrace(server, ["traces", "tail", "--json"], {
      signal: stop.signal,
      out: (text) => {
        seen.push((JSON.parse(text) as { id: string }).id.slice(-1));
      },
      note: (text) => {
        notes.push(text);
        if (text.includes("connected again")) connected++;
      },
    });
    const until = async (done: () => boolean) => {
      for (let i = 0; i < 500 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(done()).toBe(true);
    };
    await until(() => seen.length === 1);
    server.traces.push(fakeTrace(2));
    await until(() => seen.length === 2);
    await server.stop();
    await until(() => notes.length > 0);
    server.traces.push(fakeTrace(3), fakeTrace(6));
    await server.start();
    await until(() => seen.length === 4 && connected === 1);
    // A long answer: it began before the one that is printed already.
    server.traces.splice(-1, 0, fakeTrace(5));
    await until(() => seen.length === 5);
    stop.abort();
    expect((await tail).exitCode).toBe(0);
    expect(seen).toEqual(["1", "2", "3", "6", "5"]);
  });

  it("writes one readable line for a trace, and a dash for what is not known", async () => {
    server.traces.push(fakeTrace(1), fakeTrace(2, "support-triage"));
    const { out } = await cli("traces", "tail", "--no-follow", "--prompt", "support-reply");
    expect(out.trim().split("\n")).toHaveLength(1);
    expect(out).toMatch(
      /ok .*support-reply@2 .*millrace-support .*41 → – tokens .*412 ms \(first 31 ms\) .*cache miss/,
    );
  });
});

describe("call", () => {
  it("streams the answer to standard output and says about it elsewhere", async () => {
    const { out, note, exitCode } = await cli("call", "support-reply", "--var", "customer_name=Ana", "Hello");
    expect(exitCode).toBe(0);
    expect(out).toBe("Hi Ana!\n");
    expect(note).toContain("support-reply@2");
  });

  it("does not pass half an answer off as a whole one", async () => {
    server.cutStream = true;
    const { exitCode, note } = await cli("call", "support-reply", "Hello");
    expect(exitCode).toBe(1);
    expect(note).toContain("upstream-truncated");
  });

  it("asks for a message", async () => {
    expect((await cli("call", "support-reply")).exitCode).toBe(64);
  });
});

describe("budgets", () => {
  it("are set in words, listed, and deleted", async () => {
    const words = ["--scope", "user", "--per", "day", "--time-zone", "Europe/Berlin", "--usd", "2.50"];
    server.pendingAnswers = 2;
    const { exitCode, out, note } = await cli("budgets", "set", "daily", ...words);
    expect([exitCode, out]).toEqual([0, "daily  $2.50 per day Europe/Berlin\n"]);
    expect([server.pendingAnswers, note]).toEqual([0, expect.stringContaining("live after")]);
    expect(server.budgets.get("daily")?.limit).toEqual({ usd_micros: 2_500_000 });
    await cli("budgets", "set", "burst", "--scope", "key", "--per", "90s", "--requests", "20", "--alert-only");
    expect(server.budgets.get("burst")).toMatchObject({ window: { kind: "rolling", seconds: 90 }, on_exceed: "alert" });
    expect((await cli("budgets", "list")).out).toMatch(/daily .*user .*all .*day Europe\/Berlin .*\$2\.50 .*block/);
    expect((await cli("budgets", "delete", "daily")).exitCode).toBe(0);
    expect((await cli("budgets", "delete", "daily")).exitCode).toBe(1);
  });

  it("say what is wrong with them before anything is sent", async () => {
    expect((await cli("budgets", "set", "x", "--scope", "user", "--per", "fortnight", "--usd", "1")).exitCode).toBe(64);
    expect((await cli("budgets", "set", "x", "--scope", "user", "--per", "day")).exitCode).toBe(64);
    const words = ["budgets", "set", "x", "--scope", "user", "--per", "day"];
    expect((await cli(...words, "--usd", "abc")).note).toContain("expected dollars such as 2.50");
    expect((await cli(...words, "--requests", "many")).note).toContain("expected a whole number");
    expect(server.budgets.size).toBe(0);
  });

  it("are missed by name, and told from those of which nothing is spent", async () => {
    await cli("budgets", "set", "daily", "--scope", "project", "--per", "day", "--usd", "1");
    expect((await cli("budgets", "usage", "daily")).exitCode).toBe(0);
    const { exitCode, note } = await cli("budgets", "usage", "dayly");
    expect([exitCode, note]).toEqual([1, expect.stringContaining("There is no budget dayly.")]);
  });

  it("show what is spent and held, in the limit's own units", async () => {
    const amounts = { requests: 3, tokens: 900, usd_micros: 1_250_000 };
    server.budgetUsage.push({
      budget: "daily",
      scope: "user",
      subject: "ana",
      limit: { usd_micros: 2_500_000 },
      on_exceed: "block",
      spent: amounts,
      reserved: { requests: 1, tokens: 10, usd_micros: 20_000 },
      unknown: { tokens: 0, cost: 0 },
      resets_at: "2026-11-23T23:00:00Z",
    });
    expect((await cli("budgets", "usage")).out).toMatch(/daily +ana +\$1\.25 +\$0\.02 +\$2\.50/);
  });
});

describe("keys and settings", () => {
  it("prints a new key alone on standard output, and no key anywhere else", async () => {
    const { out, note } = await cli("keys", "create", "web shop");
    expect(out).toMatch(/^mlr_\S+\n$/);
    expect(note).not.toContain("mlr_");
    for (const args of [["status"], ["prompt", "list"], ["prompt", "show", "nothing"]]) {
      const outcome = await cli(...args);
      expect(outcome.out + outcome.note).not.toContain(server.key);
    }
  });

  it("makes a key, and ends when the gateway serves it", async () => {
    server.pendingAnswers = 3;
    const { exitCode, note } = await cli("keys", "create", "web shop");
    expect([exitCode, server.pendingAnswers, server.servedEpoch]).toEqual([0, 0, 4]);
    expect(note).toMatch(/live after [\d.]+ m?s/);
  });

  it("tells a key also where it is not served in time, and says so", async () => {
    server.pendingAnswers = Number.POSITIVE_INFINITY;
    let clockMs = 0;
    const { exitCode, out, note } = await millrace(server, ["keys", "create", "web shop"], {
      nowMs: () => (clockMs += 10_000),
      sleep: async () => undefined,
    });
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/^mlr_\S+\n$/)]);
    expect(note).toContain("timeout: the change is stored, and still not published after");
    expect(note).toContain("millrace status");
  });

  it("takes the refusal of a key that revoked itself for the revocation's being live", async () => {
    const summary = { id: "key_2", name: "shop", hint: "mlr_dd", permissions: [], expires_at: null };
    const revoked = { ...summary, created_at: "2026-11-22T12:00:00Z", revoked_at: "2026-11-22T12:01:00Z" };
    const { exitCode, out } = await millrace(server, ["keys", "revoke", "key_2"], {
      fetch: async (_input, init) =>
        init?.method === "DELETE"
          ? Response.json(revoked)
          : Response.json(renderProblem(new MillraceError("invalid-key")), { status: 401 }),
    });
    expect([exitCode, out]).toEqual([0, "key_2  shop  revoked\n"]);
  });

  it("makes no key that is dead from the start", async () => {
    const { exitCode, out, note } = await cli("keys", "create", "past", "--expires", "2020-01-31");
    expect([exitCode, out, server.keys]).toEqual([64, "", []]);
    expect(note).toContain("--expires 2020-01-31 is past");
    expect((await cli("keys", "create", "shop", "--expires", "2999-01-31")).exitCode).toBe(0);
  });

  it("finds the local stack in a folder above, and never sends its key to another address", async () => {
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(folder, ".millrace"));
    await mkdir(join(folder, "a", "b"), { recursive: true });
    await writeFile(join(folder, ".millrace", "local.json"), JSON.stringify({ url: server.url, key: server.key }));
    const world = { env: { HOME: folder }, cwd: join(folder, "a", "b") };
    expect((await millrace(server, ["prompt", "list"], world)).exitCode).toBe(0);
    const elsewhere = await millrace(server, ["prompt", "list", "--url", "http://127.0.0.1:9"], world);
    expect(elsewhere.exitCode).toBe(3);
    expect(elsewhere.note).toContain("no-key");
  });

  it("finds the stack whose data lie elsewhere by the variable that started it", async () => {
    await writeFile(join(folder, "local.json"), JSON.stringify({ url: server.url, key: server.key }));
    const world = { env: { HOME: folder, MILLRACE_DATA_DIR: folder }, cwd: tmpdir() };
    expect((await millrace(server, ["prompt", "list"], world)).exitCode).toBe(0);
  });

  it("colours only for a person", async () => {
    const env = { MILLRACE_URL: server.url, MILLRACE_KEY: server.key };
    const colored = await millrace(server, ["prompt", "list"], { env, isTerminal: true });
    expect(colored.out).toContain("\u001b[");
    const asked = await millrace(server, ["prompt", "list"], { env: { ...env, NO_COLOR: "1" }, isTerminal: true });
    expect(asked.out).not.toContain("\u001b[");
    expect((await cli("prompt", "list")).out).not.toContain("\u001b[");
  });
});
