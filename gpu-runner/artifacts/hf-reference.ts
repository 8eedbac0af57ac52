import { MillraceError } from "@millrace/core/contract";

/** `hf:owner/repo:quant`, with an optional revision: `hf:owner/repo@revision:quant`. */
export interface HfReference {
  readonly repository: string;
  readonly revision: string;
  /** Such as `Q4_K_M`, or the name of one file. Undefined = chosen by preference. */
  readonly quant: string | undefined;
}

export interface HfFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of the content, for files in large-file storage. */
  readonly sha256: string | undefined;
}

/** What to take when nothing is asked for: the usual balance first, then what is close to it. */
const PREFERRED = ["Q4_K_M", "Q4_K_S", "Q5_K_M", "Q8_0", "Q4_0", "F16"];

/** @throws MillraceError `model-unavailable` when it is not of the form. */
export function parseHfReference(text: string): HfReference {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?(?::([\w.-]+))?$/.exec(text);
  if (match?.[1] === undefined) {
    throw new MillraceError("model-unavailable", {
      message: `${text} is not a model. Write hf:owner/repo:quant, for example hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M, or a path.`,
    });
  }
  return { repository: match[1], revision: match[2] ?? "main", quant: match[3] };
}

/**
 * The one GGUF file of a repository that was asked for. Vision projectors and adapters are no models; a model in several parts is refused.
 * @throws MillraceError `model-unavailable` that lists what there is.
 */
export function chooseFile(files: readonly HfFile[], reference: HfReference): HfFile {
  const models = files.filter(({ path }) => /\.gguf$/i.test(path) && !/(^|[/.-])(mmproj|imatrix)/i.test(path));
  const byQuant = (quant: string) => models.filter(({ path }) => namesQuant(path, quant));
  const found =
    reference.quant === undefined
      ? (PREFERRED.map(byQuant).find((list) => list.length > 0) ?? models)
      : byQuant(reference.quant);
  const whole = found.filter(({ path }) => !/-\d{5}-of-\d{5}\.gguf$/i.test(path));
  const [best] = whole.toSorted((a, b) => a.path.length - b.path.length || (a.path < b.path ? -1 : 1));
  if (best !== undefined) return best;
  const have = models.map(({ path }) => path).join(", ") || "no GGUF file";
  const what = found.length > 0 ? "only in several parts, which this runner does not read" : "not there";
  throw new MillraceError("model-unavailable", {
    message: `${reference.quant ?? "A model"} of ${reference.repository} is ${what}. The repository has: ${have}.`,
  });
}

function namesQuant(path: string, quant: string): boolean {
  const name = path.toLowerCase();
  const wanted = quant.toLowerCase();
  if (name === wanted || name.endsWith(`/${wanted}`)) return true;
  const escaped = wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:^|[-._/])${escaped}(?=[-.]|$)`).test(name.replace(/\.gguf$/, ""));
}
