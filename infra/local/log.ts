export type Level = "info" | "warn" | "error";

/** One part's voice in the one log of the stack. */
export type Say = (level: Level, text: string) => void;

interface LogDeps {
  readonly write: (text: string) => void;
  readonly now: () => Date;
  readonly coloured: boolean;
}

const componentWidth = 9;
const reset = "\u001b[0m";
const dim = "\u001b[2m";
const levelColours: Record<Level, string> = { info: "", warn: "\u001b[33m", error: "\u001b[31m" };
const componentColours: Record<string, string> = {
  stack: "\u001b[36m",
  gateway: "\u001b[32m",
  workers: "\u001b[35m",
  runner: "\u001b[34m",
  database: "\u001b[33m",
};

/** Lines for people: `10:04:31 gateway   text`; the level is spelled out where it is not info. */
export function createLog(deps: LogDeps): (component: string) => Say {
  const paint = (colour: string | undefined, text: string) =>
    deps.coloured && colour !== undefined && colour !== "" ? `${colour}${text}${reset}` : text;
  return (component) => (level, text) => {
    const time = paint(dim, deps.now().toTimeString().slice(0, 8));
    const name = paint(componentColours[component], component.padEnd(componentWidth));
    const mark = level === "info" ? "" : `${paint(levelColours[level], level)} `;
    for (const line of text.split("\n")) deps.write(`${time} ${name} ${mark}${line}\n`);
  };
}

/** Colour only on a terminal, and never against NO_COLOR (no-color.org). */
export function isColoured(stream: { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "";
}

/**
 * A Worker's or the runner's line of JSON (`core/log`) as words: `event key=value …`, with its own level. Any other text
 * stays as it is.
 */
export function readable(text: string, level: Level): { readonly level: Level; readonly text: string } {
  const value = eventOf(text);
  if (value === undefined) return { level, text };
  const { at: _at, level: own, event, ...fields } = value;
  const words = Object.entries(fields).map(([name, field]) => `${name}=${plain(field)}`);
  return { level: isLevel(own) ? own : level, text: [plain(event), ...words].join(" ") };
}

/** Why the runner's model will not load, however long one waits, when the line says so. */
export function modelFailure(line: string): string | undefined {
  const value = eventOf(line);
  return value?.["event"] === "model-failed" ? plain(value["reason"]) : undefined;
}

function eventOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "event" in value
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isLevel(value: unknown): value is Level {
  return value === "info" || value === "warn" || value === "error";
}
