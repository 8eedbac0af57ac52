import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { hasVectors, readVectors } from "./vectors.ts";

const DOCUMENT = "https://vectors.invalid/openai";

export interface OpenAiSchemas {
  /** What is wrong with a value by a schema of `components.schemas`; empty when nothing is. */
  faults(name: string, value: unknown): string[];
}

/** OpenAI's published schemas; where they are not here, nothing is at fault by them. */
export function readOpenAiSchemas(): OpenAiSchemas {
  if (!hasVectors("openai")) return { faults: () => [] };
  const document = parse(readVectors("openai/openapi.yaml"), { maxAliasCount: -1 }) as object;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema(document, DOCUMENT);
  const compiled = new Map<string, ValidateFunction>();
  return {
    faults(name, value) {
      let validate = compiled.get(name);
      if (validate === undefined) {
        validate = ajv.compile({ $ref: `${DOCUMENT}#/components/schemas/${name}` });
        compiled.set(name, validate);
      }
      if (validate(value)) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    },
  };
}
