import type { Fields } from "../../../edge/gateway/json/vendor-json.ts";
import { json, type Script, type SeenRequest } from "../../fakes/upstream.ts";

/** A request that the service does not take. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws Refusal unless it holds. */
export function demand(holds: boolean, message: string, status = 400): asserts holds {
  if (!holds) throw new Refusal(status, message);
}

/** @throws Refusal for a member that is missing, or one that the service does not know. */
export function demandMembers(fields: Fields, required: readonly string[], optional: readonly string[] = []): void {
  const known = new Set([...required, ...optional]);
  for (const name of required) demand(fields[name] !== undefined, `${name}: field required`, 422);
  for (const name of Object.keys(fields)) demand(known.has(name), `${name}: extra inputs are not permitted`, 422);
}

/** @throws Refusal unless the body is JSON, and says so. */
export function demandJson({ headers, json: body }: SeenRequest): Fields {
  demand(headers["content-type"] === "application/json", "the body is not said to be JSON", 415);
  return body;
}

/** A file of JSON lines. @throws Refusal for a line that is no object. */
export function linesOf(text: string): Fields[] {
  demand(text.endsWith("\n"), "the last line has no end");
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => {
      demand(line.startsWith("{"), "a line is no JSON object");
      return JSON.parse(line) as Fields;
    });
}

export function textOf(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** How the next creation of a batch ends: in an answer; made, but its answer is lost; lost before it is made; refused; refused for now. */
export type Creation = "answered" | "answer-lost" | "lost" | "refused" | "too-many";

/** A route, when a request is one of it. */
export interface Route {
  readonly method: string;
  /** Of the whole path, query included. */
  readonly path: RegExp;
  /** @param parts what the groups of `path` matched */
  readonly serve: (request: SeenRequest, parts: readonly string[]) => Script;
}

/** A provider's batch API as strict as the real one: it takes what is documented, and refuses everything else. */
export abstract class BatchService {
  /** The model of the ordinary endpoint and of batches. */
  abstract readonly model: string;
  /** What was refused, and why. */
  readonly refusals: string[] = [];
  /** What was deleted, in the service's words. */
  readonly removed: string[] = [];
  /** Batches that were made. */
  creations = 0;
  /** Requests through the ordinary endpoint. */
  asked = 0;
  /** Looks at a batch. */
  polls = 0;
  cancelled = false;
  creation: Creation = "answered";
  /** Held before a creation ends. */
  hold: Promise<unknown> = Promise.resolve();
  /** Nothing ends until it is cancelled. */
  stays = false;
  /** What comes of the request at a place of the batch; undefined = nothing did. */
  tell: (place: number) => object | undefined = (place) => this.succeeds(`told ${place}`);
  /** What the ordinary endpoint answers. */
  ordinary: () => Script = () => json(this.says("asked by itself"));

  /** An answer of the model, 5 tokens in and 2 out. */
  abstract says(text: string): object;
  /** A result with that answer. */
  abstract succeeds(text: string): object;
  /** A result of a request that is wrong, and stays so. */
  abstract fails(message: string): object;
  /** A result of a request that came at a bad time. */
  abstract overloads(): object;
  protected abstract readonly routes: readonly Route[];
  /** @throws Refusal for headers without our credentials. */
  protected abstract authenticate(request: SeenRequest): void;
  /** An error in the service's form. */
  protected abstract refusal(status: number, message: string): object;

  answer(request: SeenRequest): Script {
    try {
      for (const { method, path, serve } of this.routes) {
        const match = request.method === method ? path.exec(request.path) : null;
        if (match === null) continue;
        this.authenticate(request);
        return serve(request, match.slice(1));
      }
      demand(false, "no such route", 404);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusals.push(`${request.method} ${request.path}: ${error.message}`);
      return json(this.refusal(error.status, error.message), error.status);
    }
  }

  /** Makes a batch, and answers as `creation` says; the next one is answered. */
  protected made(make: () => object, status = 200): Script {
    const { creation, hold } = this;
    this.creation = "answered";
    if (creation === "refused") return json(this.refusal(403, "no batches for this account"), 403);
    if (creation === "too-many") return json(this.refusal(429, "too many batches at once"), 429);
    const lost: Script = { steps: [{ until: hold }, { cut: true }] };
    if (creation === "lost") return lost;
    this.creations += 1;
    const batch = make();
    return creation === "answer-lost" ? lost : json(batch, status);
  }

  /** Whether a batch is over at this look; the first finds it at work. */
  protected look(): boolean {
    this.polls += 1;
    return this.cancelled || (this.polls > 1 && !this.stays);
  }

  protected serveOrdinary(): Script {
    this.asked += 1;
    return this.ordinary();
  }
}
