import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchHfModel } from "./fetch-hf-model.ts";
import { chooseFile, parseHfReference } from "./hf-reference.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8)) % 256));
const sha256 = createHash("sha256").update(content).digest("hex");

/** A local hub: the two routes of the real one that the runner uses, with faults on demand. */
interface Hub {
  readonly server: Server;
  readonly ranges: (string | undefined)[];
  readonly authorizations: (string | undefined)[];
  onFile: (request: IncomingMessage, response: ServerResponse, from: number) => void;
}

let hub: Hub;
let endpoint: string;
let folder: string;

const serve: Hub["onFile"] = (_, response, from) => {
  response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from });
  response.end(content.subarray(from));
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-hub-"));
  const server = createServer((request, response) => {
    hub.authorizations.push(request.headers.authorization);
    if (request.url?.startsWith("/api/models/acme/tiny/tree/main")) {
      const file = {
        type: "file",
        path: "tiny-Q8_0.gguf",
        size: content.length,
        lfs: { oid: sha256, size: content.length },
      };
      response.end(
        JSON.stringify([{ type: "directory", path: "x" }, { type: "file", path: "README.md", size: 5 }, file]),
      );
    } else if (request.url === "/acme/tiny/resolve/main/tiny-Q8_0.gguf") {
      hub.ranges.push(request.headers.range);
      hub.onFile(request, response, Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0));
    } else response.writeHead(404).end();
  });
  hub = { server, ranges: [], authorizations: [], onFile: serve };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  hub.server.closeAllConnections();
  hub.server.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (model = "hf:acme/tiny:q8_0") =>
  fetchHfModel(
    { model, modelCacheFolder: folder, hfToken: "hf_test", hfEndpoint: endpoint },
    {
      fetch,
      signal: new AbortController().signal,
      log: () => undefined,
      onProgress: () => undefined,
      out: { write: () => true },
    },
  );
const part = () => join(folder, "sha256", sha256, "tiny-Q8_0.gguf.part");

describe("a model of a hub", () => {
  it("is downloaded once, checked, named by its content, asked for with the token", async () => {
    const path = await get();
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(path).toContain(sha256);
    await get();
    expect(hub.ranges).toHaveLength(1);
    expect(new Set(hub.authorizations)).toEqual(new Set(["Bearer hf_test"]));
  });

  it("is continued where a cut connection left it", async () => {
    let cuts = 0;
    hub.onFile = (request, response, from) => {
      if (++cuts > 3) return serve(request, response, from);
      response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from });
      response.write(content.subarray(from, from + 50_000));
      // Cut only when the bytes are on disk: what a broken connection still had in flight is lost by nature.
      const look = setInterval(() => {
        if (!existsSync(part()) || statSync(part()).size < from + 50_000) return;
        clearInterval(look);
        response.destroy();
      }, 5);
    };
    expect(readFileSync(await get()).equals(content)).toBe(true);
    expect(hub.ranges).toEqual([undefined, "bytes=50000-", "bytes=100000-", "bytes=150000-"]);
    expect(existsSync(part())).toBe(false);
  });

  it("is continued after a restart, from the part that lies there", async () => {
    mkdirSync(join(folder, "sha256", sha256), { recursive: true });
    writeFileSync(part(), content.subarray(0, 123_456));
    await get();
    expect(hub.ranges).toEqual(["bytes=123456-"]);
  });

  it("is begun again when the server does not know ranges", async () => {
    mkdirSync(join(folder, "sha256", sha256), { recursive: true });
    writeFileSync(part(), Buffer.alloc(100, 1));
    hub.onFile = (request, response) => serve(request, response, 0);
    expect(readFileSync(await get()).equals(content)).toBe(true);
  });

  it("with one wrong byte is refused and deleted", async () => {
    hub.onFile = (_, response) => {
      const damaged = Buffer.from(content);
      damaged[1234] = (damaged[1234] ?? 0) ^ 1;
      response.end(damaged);
    };
    await expect(get()).rejects.toThrow(/damaged.*deleted; start again/s);
    expect(existsSync(part())).toBe(false);
  });

  it("that is refused, missing or of another quant says what to do", async () => {
    hub.onFile = (_, response) => response.writeHead(403).end();
    await expect(get()).rejects.toThrow(/answers 403/);
    await expect(get("hf:acme/none:q8_0")).rejects.toThrow(/404.*spelling/);
    await expect(get("hf:acme/tiny:Q2_K")).rejects.toThrow(/not there.*tiny-Q8_0\.gguf/);
    await expect(get("hf:nonsense")).rejects.toThrow(/hf:owner\/repo:quant/);
  });
});

describe("choosing a file", () => {
  const files = [
    "m-Q4_0.gguf",
    "m-Q4_0_8_8.gguf",
    "m-IQ4_K_M.gguf",
    "m.Q4_K_M.gguf",
    "mmproj-Q8_0.gguf",
    "big-Q6_K-00001-of-00002.gguf",
  ].map((path) => ({ path, size: 1, sha256 }));
  const choose = (text: string) => chooseFile(files, parseHfReference(text)).path;
  it("takes the quant that was named and no other that contains its name", () => {
    expect(choose("hf:a/b:q4_0")).toBe("m-Q4_0.gguf");
    expect(choose("hf:a/b:Q4_K_M")).toBe("m.Q4_K_M.gguf");
    expect(choose("hf:a/b")).toBe("m.Q4_K_M.gguf");
    expect(() => choose("hf:a/b:Q8_0")).toThrow(/not there/);
    expect(() => choose("hf:a/b:Q6_K")).toThrow(/several parts/);
  });
});
