import { asFields, asList, type Fields } from "../../json/vendor-json.ts";

/** The objects of a list; anything else in it is not what the vendor documents, and is left out. */
export function listOfFields(value: unknown): Fields[] {
  const list: Fields[] = [];
  for (const item of asList(value)) {
    const fields = asFields(item);
    if (fields !== undefined) list.push(fields);
  }
  return list;
}
