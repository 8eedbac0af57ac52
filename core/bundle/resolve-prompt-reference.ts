import {
  type Bundle,
  type BundleVersion,
  DEFAULT_LABEL,
  MillraceError,
  promptReferenceSchema,
} from "../contract/index.ts";

/** Why this version: the caller pinned a number, named a label, or named nothing and so followed DEFAULT_LABEL. */
export type ResolutionReason = "pinned" | "label" | "default-label";

export interface ResolvedPrompt {
  /** With the name and number that the reference means, even where another prompt holds the same content. */
  readonly version: BundleVersion;
  readonly hash: string;
  /** The label that was followed; null when the caller pinned a number. */
  readonly label: string | null;
  readonly reason: ResolutionReason;
}

/**
 * Which version a call's `model` means: `prompt:<name>`, `prompt:<name>@<label>` or `prompt:<name>@<number>`.
 * @throws MillraceError `invalid-request` (not such a reference), `unknown-prompt`, `unknown-label`, `label-removed`, `unknown-version`.
 */
export function resolvePromptReference(bundle: Bundle, reference: string): ResolvedPrompt {
  if (!promptReferenceSchema.safeParse(reference).success) {
    throw new MillraceError("invalid-request", {
      param: "model",
      message: "Expected prompt:<name>, prompt:<name>@<label> or prompt:<name>@<number>.",
    });
  }
  const [name = "", selector] = reference.slice("prompt:".length).split("@");
  const prompt = own(bundle.prompts, name);
  if (prompt === undefined)
    throw new MillraceError("unknown-prompt", { param: "model", message: `There is no prompt ${name}.` });
  if (selector !== undefined && /^[1-9][0-9]*$/.test(selector)) {
    const hash = own(prompt.numbers, selector);
    if (hash === undefined) {
      throw new MillraceError("unknown-version", {
        param: "model",
        message: `Version ${selector} of ${name} is not served.`,
      });
    }
    return { version: named({ bundle, hash, name, number: Number(selector) }), hash, label: null, reason: "pinned" };
  }
  const label = selector ?? DEFAULT_LABEL;
  const hash = labelled({ prompt, name, label });
  const number = Number(Object.entries(prompt.numbers).find(([, candidate]) => candidate === hash)?.[0]);
  return {
    version: named({ bundle, hash, name, number }),
    hash,
    label,
    reason: selector === undefined ? "default-label" : "label",
  };
}

interface LabelLookup {
  readonly prompt: Bundle["prompts"][string];
  readonly name: string;
  readonly label: string;
}

function labelled({ prompt, name, label }: LabelLookup): string {
  const hash = own(prompt.labels, label);
  if (hash === undefined) {
    throw new MillraceError("unknown-label", {
      param: "model",
      message: `${name} has no label ${label} in this environment.`,
    });
  }
  if (hash === null)
    throw new MillraceError("label-removed", { param: "model", message: `The label ${label} of ${name} was removed.` });
  return hash;
}

interface NamedVersion {
  readonly bundle: Bundle;
  readonly hash: string;
  readonly name: string;
  readonly number: number;
}

function named({ bundle, hash, name, number }: NamedVersion): BundleVersion {
  const version = own(bundle.versions, hash);
  if (version === undefined)
    throw new MillraceError("internal", { message: `The bundle lacks version ${hash} of ${name}.` });
  return { ...version, prompt: name, version: number };
}

/** A caller may send any name: `constructor` must not find Object's. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
