import { styleText } from "node:util";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "strikethrough" | "underline";
export type Painter = (style: Style | readonly Style[], text: string) => string;

export interface ColorChoice {
  /** `--color` or `--no-color`, when given. */
  readonly flag: boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

/** The flag, then NO_COLOR (https://no-color.org) and FORCE_COLOR, then whether a person is looking. */
export function wantsColor({ flag, env, isTerminal }: ColorChoice): boolean {
  if (flag !== undefined) return flag;
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  if ((env["FORCE_COLOR"] ?? "0") !== "0") return true;
  return isTerminal && env["TERM"] !== "dumb";
}

export function createPainter(color: boolean): Painter {
  if (!color) return (_style, text) => text;
  return (style, text) => styleText(typeof style === "string" ? style : [...style], text, { validateStream: false });
}
