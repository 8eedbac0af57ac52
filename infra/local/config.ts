import { join } from "node:path";

/** Everything that the environment decides about one local stack. */
export interface LocalConfig {
  /** Root of the checkout. */
  readonly root: string;
  /** Where all state lives: `.millrace`, or `MILLRACE_DATA_DIR`. */
  readonly dataDir: string;
  /** Address that the gateway listens on. Everything else stays on the loopback interface. */
  readonly host: string;
  /** 0 = any free port. */
  readonly gatewayPort: number;
  readonly runnerPort: number;
  readonly neonPort: number;
  /** A real PostgreSQL server instead of PGlite. */
  readonly databaseUrl: string | undefined;
  readonly runner: boolean;
  /** Private addresses (`host:port`) that providers may have, beside the local runner's. */
  readonly allowedPrivateHosts: readonly string[];
  /** Settings of the observability that are passed on as they are: METRICS_TOKEN to the gateway, OTLP_* to the functions Worker. */
  readonly observability: {
    readonly gateway: Readonly<Record<string, string>>;
    readonly functions: Readonly<Record<string, string>>;
  };
  /** `SECRET_*`: handed to the two Workers and to nothing else. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The variable of the environment that sets a port, by the part that listens on it. */
export const portVariables = {
  gateway: "MILLRACE_PORT",
  runner: "MILLRACE_RUNNER_PORT",
  neon: "MILLRACE_NEON_PORT",
} as const;

/** A setting that cannot be used, or a state in which nothing can start: told in a sentence, without a stack trace. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * The only reader of the environment.
 * @throws StartError that names the variable at fault.
 */
export function readLocalConfig(root: string, env: Readonly<Record<string, string | undefined>>): LocalConfig {
  const databaseUrl = setting(env, "DATABASE_URL");
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new StartError(
      "DATABASE_URL does not begin with postgres:// ; unset it to use the database that comes along.",
    );
  }
  const runner = setting(env, "MILLRACE_RUNNER") ?? "on";
  if (runner !== "on" && runner !== "off") throw new StartError(`MILLRACE_RUNNER is "${runner}"; use on or off.`);
  return {
    root,
    dataDir: setting(env, "MILLRACE_DATA_DIR") ?? join(root, ".millrace"),
    host: setting(env, "MILLRACE_HOST") ?? "127.0.0.1",
    gatewayPort: port(env, portVariables.gateway, 8787),
    runnerPort: port(env, portVariables.runner, 8790),
    neonPort: port(env, portVariables.neon, 8791),
    databaseUrl,
    runner: runner === "on",
    allowedPrivateHosts: (setting(env, "ALLOWED_PRIVATE_HOSTS") ?? "").split(",").filter((item) => item !== ""),
    observability: {
      gateway: settings(env, ["METRICS_TOKEN"]),
      functions: settings(env, ["OTLP_ENDPOINT", "OTLP_HEADERS", "OTLP_CONTENT"]),
    },
    secrets: Object.fromEntries(
      Object.entries(env).filter(
        (entry): entry is [string, string] => entry[0].startsWith("SECRET_") && entry[1] !== undefined,
      ),
    ),
  };
}

function setting(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

/** Those of them that are set. */
function settings(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = setting(env, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function port(env: Readonly<Record<string, string | undefined>>, name: string, fallback: number): number {
  const value = setting(env, name);
  if (value === undefined) return fallback;
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new StartError(`${name} is "${value}"; use a port from 0 (any free one) to 65535.`);
  }
  return Number(value);
}
