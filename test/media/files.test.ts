import OpenAI, { toFile } from "openai";
import { MAX_FILE_BYTES } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOpenAiSchemas } from "../conformance/openai-schemas.ts";
import { newTenant } from "../support/gateway.ts";
import { catalogOf, type MediaFixture, startMedia } from "./fixture.ts";

let at: MediaFixture;
const schemas = readOpenAiSchemas();
const hour = 3600;

beforeAll(async () => {
  at = await startMedia();
});
afterAll(async () => at?.close());

const text = (content: string, name = "notes.jsonl") => toFile(new TextEncoder().encode(content), name);
const upload = async (content: string) => at.client.files.create({ file: await text(content), purpose: "batch" });
const statusOf = async (work: Promise<unknown>): Promise<number | undefined> =>
  work.then(
    () => 200,
    (error: unknown) => (error instanceof OpenAI.APIError ? error.status : undefined),
  );
const raw = (
  path: string,
  key: string,
  init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
) => fetch(at.gateway.url + path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });

describe("files", () => {
  it("are kept as they were sent, whichever field of the form comes first", async () => {
    const file = await upload('{"a":1}\n');
    expect(schemas.faults("OpenAIFile", file)).toEqual([]);
    expect(file).toMatchObject({ bytes: 8, filename: "notes.jsonl", purpose: "batch", object: "file" });
    expect(await at.client.files.retrieve(file.id)).toEqual(file);
    expect(await (await at.client.files.content(file.id)).text()).toBe('{"a":1}\n');
    const form = new FormData();
    form.append("purpose", "user_data");
    form.append("file", new Blob(["second"]), 'odd "name".txt');
    const sent = await raw("/v1/files", at.tenant.key, { method: "POST", body: form });
    expect(await sent.json()).toMatchObject({ bytes: 6, purpose: "user_data", filename: 'odd "name".txt' });
  });

  it("of many parts come back byte for byte", async () => {
    const bytes = new Uint8Array(20 * 1024 * 1024 + 7);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) % 251;
    const { id } = await at.client.files.create({ file: await toFile(bytes, "large.bin"), purpose: "user_data" });
    const back = Buffer.from(await (await at.client.files.content(id)).arrayBuffer());
    expect(back.equals(bytes)).toBe(true);
  });

  it("that hold the form's own mark in part are kept whole", async () => {
    const boundary = "mark";
    const content = "a\r\n--mar\r\n--mark2\r\r\n-";
    const body = `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n${content.replace("--mark2", "--mar2")}\r\n--${boundary}--\r\n`;
    const sent = await raw("/v1/files", at.tenant.key, {
      method: "POST",
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
      body,
    });
    const { id } = (await sent.json()) as { id: string };
    expect(await (await at.client.files.content(id)).text()).toBe(content.replace("--mark2", "--mar2"));
  });

  it("are listed newest first, in pages, by purpose", async () => {
    const own = newTenant(catalogOf(at.upstream.origin));
    await at.gateway.publish(own);
    const client = at.clientOf(own);
    const ids: string[] = [];
    for (const purpose of ["batch", "user_data", "batch"] as const)
      ids.push((await client.files.create({ file: await text("x"), purpose })).id);
    const seen: string[] = [];
    for await (const file of client.files.list({ limit: 2 })) seen.push(file.id);
    expect(seen).toEqual(ids.toReversed());
    const ascending: string[] = [];
    for await (const file of client.files.list({ limit: 1, order: "asc" })) ascending.push(file.id);
    expect(ascending).toEqual(ids);
    const page = await client.files.list({ purpose: "user_data" });
    expect(page.data.map(({ id }) => id)).toEqual([ids[1]]);
    expect(schemas.faults("ListFilesResponse", await (await raw("/v1/files", own.key)).json())).toEqual([]);
  });

  it("are gone when they are deleted", async () => {
    const { id } = await upload("x");
    expect(await at.client.files.delete(id)).toEqual({ id, object: "file", deleted: true });
    expect(await statusOf(at.client.files.retrieve(id))).toBe(404);
    expect(await statusOf(at.client.files.content(id))).toBe(404);
    expect(await statusOf(at.client.files.delete(id))).toBe(404);
  });

  it("say when they will be gone", async () => {
    const file = await at.client.files.create({
      file: await text("x"),
      purpose: "batch",
      expires_after: { anchor: "created_at", seconds: hour },
    });
    expect(file.expires_at).toBe(file.created_at + hour);
  });
});

describe("another tenant", () => {
  it("cannot read, list, delete or use a file, whatever it calls it", async () => {
    const { id } = await upload("secret");
    const stranger = newTenant({ ...catalogOf(at.upstream.origin), slug: "other" });
    await at.gateway.publish(stranger);
    const client = at.clientOf(stranger);
    expect(await statusOf(client.files.retrieve(id))).toBe(404);
    expect(await statusOf(client.files.content(id))).toBe(404);
    expect(await statusOf(client.files.delete(id))).toBe(404);
    expect((await client.files.list()).data).toEqual([]);
    expect(await statusOf(client.files.list({ after: id }).then((page) => page))).toBe(404);
    const batch = client.batches.create({
      input_file_id: id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    });
    expect(await statusOf(batch)).toBe(404);
    const { project, environment } = at.tenant.bundle;
    for (const name of [
      `../${project.id}/${environment.id}/${id}`,
      `${project.id}/${environment.id}/${id}`,
      "%2e%2e",
      "",
    ])
      expect([404, 200]).toContain((await raw(`/v1/files/${encodeURIComponent(name)}`, stranger.key)).status);
    expect(await (await at.client.files.content(id)).text()).toBe("secret");
  });

  it("of the same project but another environment cannot either", async () => {
    const { id } = await upload("secret");
    const other = newTenant(catalogOf(at.upstream.origin));
    const sibling = { ...other, bundle: { ...other.bundle, project: at.tenant.bundle.project } };
    await at.gateway.publish(sibling);
    expect(await statusOf(at.clientOf(sibling).files.retrieve(id))).toBe(404);
  });
});

describe("what is no file", () => {
  it.each([
    ["no purpose", [["file", new Blob(["x"])]], "purpose"],
    [
      "an unknown purpose",
      [
        ["purpose", "batch_output"],
        ["file", new Blob(["x"])],
      ],
      "purpose",
    ],
    ["no file", [["purpose", "batch"]], "file"],
    [
      "an empty file",
      [
        ["purpose", "batch"],
        ["file", new Blob([])],
      ],
      "file",
    ],
    [
      "two files",
      [
        ["purpose", "batch"],
        ["file", new Blob(["x"])],
        ["file", new Blob(["y"])],
      ],
      "file",
    ],
  ] as const)("is refused: %s", async (_, parts, param) => {
    const form = new FormData();
    for (const [name, value] of parts) {
      if (typeof value === "string") form.append(name, value);
      else form.append(name, value, "f.jsonl");
    }
    const response = await raw("/v1/files", at.tenant.key, { method: "POST", body: form });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  it("is refused when the form ends early, and leaves nothing behind", async () => {
    const before = (await at.client.files.list()).data.length;
    const response = await raw("/v1/files", at.tenant.key, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=mark" },
      body: '--mark\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nhalf',
    });
    expect(response.status).toBe(400);
    expect((await at.client.files.list()).data.length).toBe(before);
  });

  it("is refused beyond the bound, and told so", async () => {
    const file = await toFile(new Uint8Array(MAX_FILE_BYTES + 1), "huge.bin");
    const error = await at.client.files.create({ file, purpose: "batch" }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ status: 413, code: "body-too-large" });
  });

  it("is refused without a key", async () => {
    expect((await raw("/v1/files", "mr_nobody")).status).toBe(401);
  });
});
