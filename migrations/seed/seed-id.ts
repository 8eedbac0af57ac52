import { type IdKind, idPrefixes } from "@millrace/core/contract";
import { sha256Hex } from "@millrace/core/content";

/** The same name always gives the same id, so that two starts agree on what is there. */
export function seedId(kind: IdKind, name: string): string {
  return `${idPrefixes[kind]}_${sha256Hex(`millrace seed ${kind} ${name}`).slice(0, 32)}`;
}
