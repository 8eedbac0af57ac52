import type { BundleVersion } from "../contract/bundle.ts";
import { MillraceError } from "../contract/millrace-error.ts";
import { MAX_INCLUDE_DEPTH } from "../contract/limits.ts";
import type { PromptContent } from "../contract/prompt.ts";
import { contentHash } from "../content/hash.ts";

/** A version with everything that it includes: all that rendering it can depend on. */
export interface PromptClosure {
  readonly prompt: string;
  readonly content: PromptContent;
  /** The version's content address; see closureHash. */
  readonly hash: string;
  readonly includes: PromptIncludes;
}
/** Alias → included version. */
export type PromptIncludes = Readonly<Record<string, PromptClosure>>;

/** The content address of a version: SHA-256 of its canonical JSON, with each include's own address in place of its reference. */
export function closureHash(content: PromptContent, includeHashes: Readonly<Record<string, string>>): string {
  return contentHash({ ...content, includes: includeHashes });
}

/** What a pinned reference names. */
export type IncludeReference = { readonly prompt: string } & ({ readonly version: number } | { readonly hash: string });

/** Reads `name@3` or `name@sha256:<hash>`, as includeReferenceSchema admits them. */
export function parseIncludeReference(reference: string): IncludeReference {
  const at = reference.indexOf("@");
  const prompt = reference.slice(0, at);
  const pin = reference.slice(at + 1);
  return pin.startsWith("sha256:") ? { prompt, hash: pin.slice("sha256:".length) } : { prompt, version: Number(pin) };
}

export interface StoredVersion {
  readonly prompt: string;
  readonly content: PromptContent;
}

/** The stored version that a reference names, or undefined. */
export type VersionLookup = (reference: IncludeReference) => StoredVersion | undefined;

/**
 * Resolves the includes of a version, all the way down.
 * @throws MillraceError `unknown-version` (a reference names nothing), `cyclic-composition` (a prompt contains itself in any version;
 * the message lists the path), `invalid-prompt` (includes nested deeper than MAX_INCLUDE_DEPTH). `param` is `includes.<alias>`.
 */
export function resolveClosure(root: StoredVersion, lookup: VersionLookup): PromptClosure {
  return new ClosureResolver(lookup).resolve(root, []).closure;
}

/**
 * The closure of a version of a bundle.
 * @throws MillraceError `unknown-version` when the bundle does not hold the version or one that it includes.
 */
export function closureFromBundle(hash: string, versions: Readonly<Record<string, BundleVersion>>): PromptClosure {
  const version = Object.hasOwn(versions, hash) ? versions[hash] : undefined;
  if (version === undefined)
    throw new MillraceError("unknown-version", { message: `no version ${hash} in the bundle` });
  const includes = Object.entries(version.includes).map(
    ([alias, included]) => [alias, closureFromBundle(included, versions)] as const,
  );
  return { prompt: version.prompt, content: version.content, hash, includes: Object.fromEntries(includes) };
}

interface Resolved {
  readonly closure: PromptClosure;
  /** Prompt name → the path of names from this version down to it. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
  /** Levels of includes below this version. */
  readonly height: number;
}

class ClosureResolver {
  readonly #lookup: VersionLookup;
  /** One entry per reference, so that a version shared by many is resolved once. */
  readonly #resolved = new Map<string, Resolved>();

  constructor(lookup: VersionLookup) {
    this.#lookup = lookup;
  }

  resolve(version: StoredVersion, above: readonly string[]): Resolved {
    const names = [...above, version.prompt];
    const includes: Record<string, PromptClosure> = {};
    const paths = new Map([[version.prompt, [version.prompt] as readonly string[]]]);
    let height = 0;
    for (const [alias, reference] of Object.entries(version.content.includes)) {
      const child = this.#child(reference, { alias, names });
      for (const [name, path] of child.paths) {
        if (names.includes(name)) throw cyclic(alias, [...names, ...path]);
        paths.set(name, [version.prompt, ...path]);
      }
      height = Math.max(height, child.height + 1);
      if (above.length + height > MAX_INCLUDE_DEPTH) throw tooDeep(alias);
      includes[alias] = child.closure;
    }
    const hashes = Object.fromEntries(Object.entries(includes).map(([alias, { hash }]) => [alias, hash]));
    const hash = closureHash(version.content, hashes);
    return { closure: { prompt: version.prompt, content: version.content, hash, includes }, paths, height };
  }

  #child(reference: string, from: { alias: string; names: readonly string[] }): Resolved {
    const known = this.#resolved.get(reference);
    if (known !== undefined) return known;
    const { alias, names } = from;
    const parsed = parseIncludeReference(reference);
    if (names.includes(parsed.prompt)) throw cyclic(alias, [...names, parsed.prompt]);
    if (names.length > MAX_INCLUDE_DEPTH) throw tooDeep(alias);
    const stored = this.#lookup(parsed);
    if (stored === undefined) {
      throw new MillraceError("unknown-version", {
        message: `there is no version \`${reference}\``,
        param: `includes.${alias}`,
      });
    }
    const resolved = this.resolve(stored, names);
    this.#resolved.set(reference, resolved);
    return resolved;
  }
}

function cyclic(alias: string, path: readonly string[]): MillraceError {
  return new MillraceError("cyclic-composition", {
    message: `the prompt contains itself: ${path.join(" → ")}`,
    param: `includes.${alias}`,
  });
}

function tooDeep(alias: string): MillraceError {
  return new MillraceError("invalid-prompt", {
    message: `includes are nested more than ${MAX_INCLUDE_DEPTH} deep`,
    param: `includes.${alias}`,
  });
}
