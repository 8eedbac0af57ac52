import { permissionSchema, type Principal } from "@millrace/core/contract";
import { seed, type SeedResult } from "@millrace/migrations/seed";
import { type ControlApi, type ControlDeps, createControlApi } from "../../functions/api/index.ts";
import { openDatabase } from "../../functions/database.ts";
import type { DatabaseKind, TestDatabase } from "./databases.ts";

/** What the control API answered; `body` is parsed where it is JSON, else its text. */
export interface ControlAnswer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers of every shape
  readonly body: any;
  readonly headers: Headers;
}

/** The control API over a seeded database, the owner of what the seed made, and somebody of another project. */
export interface ControlApiUnderTest {
  readonly database: TestDatabase;
  readonly seeded: SeedResult;
  readonly api: ControlApi;
  /** With every permission, as `attacker` in its own project. */
  readonly owner: Principal;
  readonly attacker: Principal;
  /** Ids of the environments that were to be published, in their order; a test empties it by its length. */
  readonly published: string[];
  /** `line` is method and path below `/api/v1`: `PUT /budgets/team`. */
  readonly call: (line: string, sent?: unknown, principal?: Principal) => Promise<ControlAnswer>;
  /** The status and the code of a refusal: `404 unknown-resource`. */
  readonly codeOf: (line: string, sent?: unknown, principal?: Principal) => Promise<string>;
}

/** What the control API needs from the world, where a test looks at none of it. */
export function quietControlDeps(deps: Pick<ControlDeps, "db"> & Partial<ControlDeps>): ControlDeps {
  return {
    now: () => new Date(),
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    allowedPrivateHosts: [],
    publish: () => undefined,
    replayDeadLetters: async () => ({ replayed: 0, failed: 0 }),
    readBodies: async () => null,
    log: () => undefined,
    ...deps,
  };
}

async function seedPrincipals(database: TestDatabase, seeded: SeedResult): Promise<readonly [Principal, Principal]> {
  const idOf = (kind: string, digit: string) => `${kind}_${digit.repeat(32)}`;
  const shared = { environment: "development", permissions: permissionSchema.options };
  const { projectId, environmentId } = seeded;
  const owner = { ...shared, projectId, projectSlug: "northwind", environmentId, keyId: idOf("key", "a") };
  const attacker = {
    ...shared,
    projectId: idOf("prj", "b"),
    projectSlug: "other",
    environmentId: idOf("env", "b"),
    keyId: idOf("key", "b"),
  };
  await database.query("insert into projects values ($1, 'other', 'Other', now())", [attacker.projectId]);
  await database.query("insert into environments values ($1, $2, 'development', '{}', now())", [
    attacker.environmentId,
    attacker.projectId,
  ]);
  return [owner, attacker];
}

/** Starts a database of one kind under the control API. The caller closes the database. */
export async function startControlApi(
  start: DatabaseKind["start"],
  deps: Partial<ControlDeps> = {},
): Promise<ControlApiUnderTest> {
  const database = await start();
  const seeded = await seed(database.runBatch);
  const [owner, attacker] = await seedPrincipals(database, seeded);
  const published: string[] = [];
  const publish = (ids: readonly string[]) => void published.push(...ids);
  const api = createControlApi(quietControlDeps({ db: openDatabase(database), publish, ...deps }));

  async function call(line: string, sent?: unknown, principal = owner): Promise<ControlAnswer> {
    const [method = "", path = ""] = line.split(" ");
    const init =
      sent === undefined ? {} : { body: JSON.stringify(sent), headers: { "content-type": "application/json" } };
    const response = await api(new Request(`https://control/api/v1${path}`, { method, ...init }), principal);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }
  async function codeOf(line: string, sent?: unknown, principal = owner): Promise<string> {
    const { status, body } = await call(line, sent, principal);
    return `${status} ${String(body.code)}`;
  }
  return { database, seeded, api, owner, attacker, published, call, codeOf };
}
