import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { CliError } from "./cli-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

const FALLBACKS = ["nano", "vim", "vi"] as const;

/** Opens a file in VISUAL, EDITOR, or the first of nano, vim and vi that is there. The variable may hold arguments: `code --wait`. */
export async function openInEditor(file: string, env: Env): Promise<number> {
  const command = env["VISUAL"] ?? env["EDITOR"] ?? FALLBACKS.find((name) => isOnPath(name, env));
  if (command === undefined || command.trim() === "") {
    throw new CliError({
      code: "editor-failed",
      message: "no editor is set",
      remedy: "Set EDITOR, such as EDITOR=nano.",
    });
  }
  return new Promise((resolve, reject) => {
    // The shell splits the variable as every other program does; the file is an argument of its own and is never parsed.
    const child =
      process.platform === "win32"
        ? spawn(`${command} "${file}"`, { stdio: "inherit", shell: true })
        : spawn("/bin/sh", ["-c", `${command} "$1"`, "sh", file], { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function isOnPath(name: string, env: Env): boolean {
  return (env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
