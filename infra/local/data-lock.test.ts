import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assertUnlocked, takeDataLock } from "./data-lock.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-lock-"));
});
afterEach(async () => rm(dataDir, { recursive: true, force: true }));

/** A machine on which the given processes live. */
const machine = (pid: number, births: Readonly<Record<number, string>>) => ({
  pid,
  birthOf: (asked: number) => births[asked],
});

test("a second start on the same data is refused and told who has it", async () => {
  const living = { 10: "a", 11: "b" };
  await takeDataLock(dataDir, "http://one", machine(10, living));
  await expect(takeDataLock(dataDir, "http://two", machine(11, living))).rejects.toThrow(/process 10, http:\/\/one/);
  await expect(assertUnlocked(dataDir, machine(11, living))).rejects.toThrow(/MILLRACE_DATA_DIR/);
});

test("the lock of a dead process is taken over, and nothing of it stays", async () => {
  await takeDataLock(dataDir, "http://one", machine(10, { 10: "a" }));
  await takeDataLock(dataDir, "http://two", machine(11, { 11: "b" }));
  expect(JSON.parse(await readFile(join(dataDir, "lock"), "utf8"))).toMatchObject({ pid: 11 });
  expect(await readdir(dataDir)).toEqual(["lock"]);
});

test("a number that another process got since is not the holder", async () => {
  await takeDataLock(dataDir, "http://one", machine(10, { 10: "first life" }));
  await takeDataLock(dataDir, "http://two", machine(11, { 10: "second life", 11: "b" }));
});

test("of many starters on a stale lock exactly one gets it", async () => {
  await takeDataLock(dataDir, "http://dead", machine(1, { 1: "a" }));
  const pids = [21, 22, 23, 24];
  const living = Object.fromEntries(pids.map((pid) => [pid, `birth ${pid}`]));
  const outcomes = await Promise.allSettled(pids.map(async (pid) => takeDataLock(dataDir, "", machine(pid, living))));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a lock that cannot be read is nobody's", async () => {
  await writeFile(join(dataDir, "lock"), "{");
  await takeDataLock(dataDir, "http://one", machine(10, { 10: "a" }));
});

test("giving it back removes the own lock only", async () => {
  const first = await takeDataLock(dataDir, "http://one", machine(10, { 10: "a" }));
  await takeDataLock(dataDir, "http://two", machine(11, { 11: "b" }));
  await first.release();
  expect(await readdir(dataDir)).toEqual(["lock"]);
});
