import {
  type labelHistorySchema,
  labelNameSchema,
  type labelStateSchema,
  MillraceError,
  rollbackSchema,
  setLabelSchema,
} from "@millrace/core/contract";
import type { z } from "zod";
import {
  findLabel,
  type LabelMove,
  type LabelRow,
  listLabels,
  listMoves,
  moveLabel,
  protectedLabels,
} from "../stores/label-store.ts";
import { getPrompt, type PromptRow } from "../stores/prompt-store.ts";
import { findVersionByNumber } from "../stores/version-store.ts";
import { type Call, type Handlers, ok, param, type Reply } from "./call.ts";

type LabelState = z.output<typeof labelStateSchema>;

/** Labels of a prompt in the key's environment. */
export const labelHandlers: Handlers = {
  listLabels: async (call) => {
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    const [rows, guarded] = await Promise.all([listLabels(call.tenant, prompt.id), protectedLabels(call.tenant)]);
    return ok({ data: rows.map((row) => toState(row, guarded)) });
  },

  setLabel: async (call) => {
    const body = setLabelSchema.parse(call.body);
    const { prompt, label, guarded } = await openForMove(call);
    await requireVersion(call, prompt, body.version);
    const { version, expected_version: expectedVersion, reason } = body;
    return move({ call, prompt, guarded }, { label, version, expectedVersion, reason, kind: "set" });
  },

  removeLabel: async (call) => {
    const { prompt, label, guarded } = await openForMove(call);
    await requireLabel(call, prompt, label);
    return move(
      { call, prompt, guarded },
      { label, version: null, expectedVersion: undefined, reason: undefined, kind: "remove" },
    );
  },

  rollbackLabel: async (call) => {
    const body = rollbackSchema.parse(call.body);
    const { prompt, label, guarded } = await openForMove(call);
    const current = await requireLabel(call, prompt, label);
    const version = body.to_version ?? current.previousVersion;
    if (version === null) {
      throw new MillraceError("unknown-version", {
        message: `The label ${label} pointed nowhere before its last move.`,
      });
    }
    await requireVersion(call, prompt, version);
    // Whoever moved it meanwhile has changed what "before its last move" means.
    return move(
      { call, prompt, guarded },
      { label, version, expectedVersion: current.version, reason: body.reason, kind: "rollback" },
    );
  },

  listLabelMoves: async (call) => {
    const prompt = await getPrompt(call.tenant, param(call, "name"));
    const label = param(call, "label");
    await requireLabel(call, prompt, label);
    const rows = await listMoves(call.tenant, prompt.id, label);
    const data = rows.map((row) => ({
      id: row.id,
      label: row.label,
      from_version: row.fromVersion,
      to_version: row.toVersion,
      kind: row.kind,
      reason: row.reason,
      actor: row.actor,
      at: row.movedAt.toISOString(),
    }));
    return ok({ data } satisfies z.output<typeof labelHistorySchema>);
  },
};

interface OpenLabel {
  readonly prompt: PromptRow;
  readonly label: string;
  readonly guarded: readonly string[];
}

/** @throws MillraceError `invalid-request`, `unknown-prompt`, `protected-label` */
async function openForMove(call: Call): Promise<OpenLabel> {
  const label = param(call, "label");
  // A call `prompt:<name>@7` must have one meaning, so a label cannot look like a number.
  if (!labelNameSchema.safeParse(label).success || /^[0-9]+$/.test(label)) {
    throw new MillraceError("invalid-request", {
      param: "label",
      message: "A label is a name of lower-case letters, digits and hyphens, not a number.",
    });
  }
  const [prompt, guarded] = await Promise.all([
    getPrompt(call.tenant, param(call, "name")),
    protectedLabels(call.tenant),
  ]);
  if (guarded.includes(label) && !call.principal.permissions.includes("labels:protected")) {
    throw new MillraceError("protected-label", { message: `${label} is protected in ${call.principal.environment}.` });
  }
  return { prompt, label, guarded };
}

async function requireVersion(call: Call, prompt: PromptRow, version: number): Promise<void> {
  if ((await findVersionByNumber(call.tenant, prompt.id, version)) !== undefined) return;
  throw new MillraceError("unknown-version", { message: `${prompt.name} has no version ${version}.` });
}

async function requireLabel(call: Call, prompt: PromptRow, label: string): Promise<LabelRow> {
  const row = await findLabel(call.tenant, prompt.id, label);
  if (row === undefined)
    throw new MillraceError("unknown-label", { message: `${prompt.name} has no label ${label} in this environment.` });
  return row;
}

interface Mover {
  readonly call: Call;
  readonly prompt: PromptRow;
  readonly guarded: readonly string[];
}

async function move(
  { call, prompt, guarded }: Mover,
  request: Omit<LabelMove, "promptId" | "promptName">,
): Promise<Reply> {
  const outcome = await moveLabel(call.change, { ...request, promptId: prompt.id, promptName: prompt.name });
  const current = await findLabel(call.tenant, prompt.id, request.label);
  const moved = outcome.rows.length > 0;
  if (moved) call.deps.publish(outcome.environmentIds);
  // Where it should be already, and nobody expected otherwise: asking twice is asking once.
  if (current !== undefined && (moved || isThere(current, request))) return ok(toState(current, guarded));
  throw new MillraceError("version-conflict", {
    message: `The label ${request.label} of ${prompt.name} now points at ${describe(current)}, not at ${describeNumber(request.expectedVersion)}.`,
  });
}

function isThere(
  current: LabelRow,
  { version, expectedVersion }: Pick<LabelMove, "version" | "expectedVersion">,
): boolean {
  return current.version === version && (expectedVersion === undefined || expectedVersion === version);
}

function describe(current: LabelRow | undefined): string {
  return describeNumber(current?.version);
}

function describeNumber(version: number | null | undefined): string {
  return version === null || version === undefined ? "no version" : `version ${version}`;
}

function toState(row: LabelRow, guarded: readonly string[]): LabelState {
  return {
    label: row.label,
    version: row.version,
    hash: row.hash,
    protected: guarded.includes(row.label),
    moved_at: row.movedAt.toISOString(),
    moved_by: row.movedBy,
  };
}
