import type { Segment } from "../segment.ts";

export type DotpromptPart =
  | { readonly text: string }
  | { readonly media: { readonly url: string; readonly contentType?: string } }
  | { readonly metadata: { readonly purpose: string; readonly pending: true } };

export interface DotpromptMessage {
  readonly role: string;
  readonly content: readonly DotpromptPart[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

interface Draft {
  role: string;
  parts: DotpromptPart[];
  metadata?: Readonly<Record<string, unknown>>;
}

/**
 * Cuts segments into messages at the author's markers (google/dotprompt js/src/parse.ts `toMessages`): white space between
 * markers opens nothing; history goes where `{{history}}` stands, else before the last user message.
 */
export function toMessages(
  segments: readonly Segment[],
  history: readonly DotpromptMessage[] = [],
  firstRole = "user",
): readonly DotpromptMessage[] {
  let current: Draft = { role: firstRole, parts: [] };
  const drafts: Draft[] = [current];
  for (const piece of piecesOf(segments)) {
    if (piece.kind === "parts") {
      current.parts.push(...piece.parts);
    } else if (piece.kind === "role") {
      if (current.parts.length === 0) {
        current.role = piece.role;
        continue;
      }
      current = { role: piece.role, parts: [] };
      drafts.push(current);
    } else {
      for (const { role, content, metadata } of history) {
        drafts.push({ role, parts: [...content], metadata: { ...metadata, purpose: "history" } });
      }
      current = { role: "model", parts: [] };
      drafts.push(current);
    }
  }
  const messages = drafts
    .filter(({ parts, metadata }) => parts.length > 0 || metadata !== undefined)
    .map(({ role, parts, metadata }) => ({ role, content: parts, ...(metadata === undefined ? {} : { metadata }) }));
  return insertHistory(messages, history);
}

function insertHistory(
  messages: readonly DotpromptMessage[],
  history: readonly DotpromptMessage[],
): readonly DotpromptMessage[] {
  if (history.length === 0 || messages.some(({ metadata }) => metadata?.["purpose"] === "history")) return messages;
  const last = messages.at(-1);
  return last?.role === "user" ? [...messages.slice(0, -1), ...history, last] : [...messages, ...history];
}

type Piece =
  | { readonly kind: "role"; readonly role: string }
  | { readonly kind: "history" }
  | { readonly kind: "parts"; readonly parts: readonly DotpromptPart[] };

function piecesOf(segments: readonly Segment[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let parts: DotpromptPart[] = [];
  let text = "";
  const endText = () => {
    if (text.trim() !== "") parts.push({ text });
    text = "";
  };
  const endParts = () => {
    endText();
    if (parts.length > 0) pieces.push({ kind: "parts", parts });
    parts = [];
  };
  for (const segment of segments) {
    if (segment.kind !== "marker") {
      text += segment.text;
      continue;
    }
    const { marker } = segment;
    if (marker.type === "role" || marker.type === "history") {
      endParts();
      pieces.push(marker.type === "role" ? { kind: "role", role: marker.role } : { kind: "history" });
    } else {
      endText();
      parts.push(markerPart(marker));
    }
  }
  endParts();
  return pieces;
}

function markerPart(
  marker: { type: "section"; name: string } | { type: "media"; url: string; contentType: string | undefined },
): DotpromptPart {
  if (marker.type === "section") return { metadata: { purpose: marker.name, pending: true } };
  const { url, contentType } = marker;
  return { media: contentType === undefined || contentType === "" ? { url } : { url, contentType } };
}
