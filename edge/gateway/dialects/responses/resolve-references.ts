import { type JsonObject, MillraceError } from "@millrace/core/contract";
import { asText } from "../../json/vendor-json.ts";
import { responseOfItem } from "./item-ids.ts";
import type { ResponseStore, StateOwner, StoredResponse } from "./response-store.ts";

/** Responses that the references of one request may come from: each is a read. */
const MAX_REFERRED = 50;

/**
 * Puts the items themselves in place of references to them.
 * @throws MillraceError `unknown-resource` for one that is not there, `invalid-request` when they come from too many responses.
 */
export async function resolveReferences(
  items: readonly JsonObject[],
  owner: StateOwner,
  store: Pick<ResponseStore, "read">,
): Promise<JsonObject[]> {
  const isReference = (item: JsonObject): boolean => item["type"] === "item_reference";
  if (!items.some(isReference)) return [...items];
  const wanted = new Map<string, Promise<StoredResponse>>();
  const readOnce = (responseId: string, param: string): Promise<StoredResponse> => {
    let reading = wanted.get(responseId);
    if (reading === undefined) {
      if (wanted.size >= MAX_REFERRED) {
        const message = `${param}: references may come from at most ${MAX_REFERRED} responses.`;
        throw new MillraceError("invalid-request", { param, message });
      }
      wanted.set(responseId, (reading = store.read(owner, responseId, param)));
    }
    return reading;
  };
  return Promise.all(
    items.map(async (item, index) => {
      if (!isReference(item)) return item;
      const param = `input[${index}].id`;
      const id = asText(item["id"]) ?? "";
      const responseId = responseOfItem(id);
      const stored = responseId === undefined ? undefined : await readOnce(responseId, param);
      const output = (stored?.response.output ?? []) as readonly JsonObject[];
      const found = [...output, ...(stored?.items ?? [])].find((kept) => kept["id"] === id);
      if (found !== undefined) return found;
      throw new MillraceError("unknown-resource", { param, message: `There is no item ${id.slice(0, 100)}.` });
    }),
  );
}
