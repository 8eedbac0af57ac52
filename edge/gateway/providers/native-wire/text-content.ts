import { asFields, asList, asText } from "../../json/vendor-json.ts";

/** The text of a message's content, whether it is a string or text parts. */
export function textContent(content: unknown): string {
  if (typeof content === "string") return content;
  return asList(content)
    .map((part) => asText(asFields(part)?.["text"]) ?? asText(asFields(part)?.["refusal"]) ?? "")
    .join("");
}
