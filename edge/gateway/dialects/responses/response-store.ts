import { idTimeMs, type JsonObject, MillraceError, type ModelResponse, type Principal } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { traceIdOf } from "./item-ids.ts";

/** OpenAI keeps responses for thirty days, and so do we; beyond it a response is not found, whenever its bytes go. */
const KEPT_MS = 30 * 24 * 3600 * 1000;
/** One conversation's state: a request (8 MiB) and the longest answer. What is larger is not kept, and its response says so. */
const MAX_STATE_CHARS = 16 * 1024 * 1024;

const RESPONSE_ID = /^resp_[0-9a-f]{32}$/;

/** One response as it is kept. */
export interface StoredResponse {
  readonly schema: 1;
  readonly response: ModelResponse;
  /** All that the model got: earlier turns, then this one's input. The answer is in `response.output`. */
  readonly items: readonly JsonObject[];
}

/** Where texts are kept; what was put is read by everyone from then on. */
export interface StateBucket {
  get(key: string): Promise<string | undefined>;
  put(key: string, text: string): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** Whose state it is: nothing of another environment can be named. */
export type StateOwner = Pick<Principal, "projectId" | "environmentId">;

export interface ResponseStoreDeps {
  readonly bucket: StateBucket;
  readonly nowMs: () => number;
  readonly log: Log;
}

function notFound(id: string, param: string | undefined): MillraceError {
  return new MillraceError("unknown-resource", {
    message: `There is no response ${id.slice(0, 100)}.`,
    ...(param === undefined ? {} : { param }),
  });
}

/** Responses by owner and id. */
export class ResponseStore {
  readonly #deps: ResponseStoreDeps;

  constructor(deps: ResponseStoreDeps) {
    this.#deps = deps;
  }

  #key(owner: StateOwner, id: string): string {
    return `responses/${owner.projectId}/${owner.environmentId}/${id}.json`;
  }

  /** @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async read(owner: StateOwner, id: string, param?: string): Promise<StoredResponse> {
    if (!RESPONSE_ID.test(id) || idTimeMs(id) + KEPT_MS <= this.#deps.nowMs()) throw notFound(id, param);
    let text: string | undefined;
    try {
      text = await this.#deps.bucket.get(this.#key(owner, id));
    } catch (cause) {
      throw new MillraceError("state-unavailable", { message: "The state of responses is away.", cause });
    }
    if (text === undefined) throw notFound(id, param);
    return JSON.parse(text) as StoredResponse;
  }

  /** Whether it is kept. An answer that was paid for is not lost for the sake of its copy. Never throws. */
  async write(owner: StateOwner, stored: StoredResponse): Promise<boolean> {
    const { id } = stored.response;
    const text = JSON.stringify(stored);
    if (text.length > MAX_STATE_CHARS) {
      this.#deps.log("warn", "response-too-large", { trace_id: traceIdOf(id), bytes: text.length });
      return false;
    }
    try {
      await this.#deps.bucket.put(this.#key(owner, id), text);
      return true;
    } catch (error) {
      this.#deps.log("error", "response-not-stored", { trace_id: traceIdOf(id), ...errorFields(error) });
      return false;
    }
  }

  /** @throws MillraceError `unknown-resource`, `state-unavailable`. */
  async remove(owner: StateOwner, id: string): Promise<void> {
    await this.read(owner, id);
    try {
      await this.#deps.bucket.delete(this.#key(owner, id));
    } catch (cause) {
      throw new MillraceError("state-unavailable", { message: "The state of responses is away.", cause });
    }
  }
}
