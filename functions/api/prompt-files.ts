import {
  DEFAULT_LABEL,
  importPromptSchema,
  MillraceError,
  promptFormatSchema,
  promptNameSchema,
} from "@millrace/core/contract";
import { exportPrompt, importPrompt } from "@millrace/core/prompt";
import { z } from "zod";
import { findPrompt, getPrompt } from "../stores/prompt-store.ts";
import { selectVersion } from "../stores/version-store.ts";
import { type Handlers, ok, param } from "./call.ts";
import { prepareVersion } from "./prepare-version.ts";
import { saveFirstVersion, saveNextVersion } from "./save-version.ts";

/** Prompts as the files of other tools. */
export const promptFileHandlers: Handlers = {
  importPrompt: async (call) => {
    const body = importPromptSchema.parse(call.body);
    const file = importPrompt(body.format, body.source);
    const promptName = requireName(body.name ?? file.name);
    const draft = { promptName, content: file.content, message: body.message };
    const prompt = await findPrompt(call.tenant, promptName);
    const version = await prepareVersion(call.tenant, draft);
    if (prompt !== undefined) return saveNextVersion(call, version, body.expected_latest ?? prompt.latestVersion);
    if (body.expected_latest !== undefined && body.expected_latest > 0) {
      throw new MillraceError("unknown-prompt", { message: `There is no prompt ${promptName}.` });
    }
    return saveFirstVersion(call, version, file.description ?? "");
  },

  exportVersion: async (call) => {
    const query = exportQuerySchema.parse(call.query);
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    // Without a selector: what is served by default, and before anything is, the newest.
    const row = await selectVersion(call.tenant, prompt, query.version ?? DEFAULT_LABEL).catch((error: unknown) => {
      if (query.version === undefined) return selectVersion(call.tenant, prompt, String(prompt.latestVersion));
      throw error;
    });
    const { name, description } = prompt;
    return { ...ok(undefined), text: exportPrompt(query.format, { name, description, content: row.content }) };
  },
};

const exportQuerySchema = z.object({
  version: z.string().optional(),
  format: z.string().transform((format) => promptFormatSchema.parse(format)),
});

function requireName(name: string | undefined): string {
  if (name === undefined || !promptNameSchema.safeParse(name).success) {
    throw new MillraceError("invalid-request", {
      param: "name",
      message: `The file names its prompt ${name === undefined ? "nowhere" : JSON.stringify(name)}; give a name of lower-case letters, digits and hyphens.`,
    });
  }
  return name;
}
