import type { Capability } from "@millrace/core/contract";
import { capabilities as claudeCapabilities } from "../anthropic/capabilities.ts";

/** How a family of models on Bedrock answers in JSON: by `outputConfig`, by a tool that it must call, or both. */
export interface ModelFamily {
  readonly pattern: RegExp;
  readonly name: "claude" | "nova" | "gpt-oss" | "other";
  readonly capabilities: readonly Capability[];
  /** Can be made to call one named tool. */
  readonly namedTool: boolean;
  /** Takes a schema for its answer. */
  readonly outputFormat: boolean;
}

const plain: readonly Capability[] = ["streaming"];
const withTools: readonly Capability[] = ["streaming", "tools"];
const withSchema: readonly Capability[] = [...withTools, "json-schema"];
const nova: readonly Capability[] = [...withTools, "parallel-tools", "json-object", "json-schema"];

const other = { name: "other", namedTool: false, outputFormat: true } as const;

/** First match decides. https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html */
const families: readonly ModelFamily[] = [
  { pattern: /anthropic\.claude/, name: "claude", capabilities: [], namedTool: true, outputFormat: true },
  { pattern: /amazon\.nova-micro/, name: "nova", capabilities: nova, namedTool: true, outputFormat: false },
  {
    pattern: /amazon\.nova/,
    name: "nova",
    capabilities: [...nova, "images", "files"],
    namedTool: true,
    outputFormat: false,
  },
  { pattern: /openai\.gpt-oss/, ...other, name: "gpt-oss", capabilities: withSchema },
  {
    pattern: /amazon\.titan|ai21\.j2|cohere\.command-(?:text|light)/,
    ...other,
    outputFormat: false,
    capabilities: plain,
  },
  { pattern: /meta\.llama(?:3-2-(?:11|90)b|4)/, ...other, outputFormat: false, capabilities: [...withTools, "images"] },
  { pattern: /meta\.llama|cohere\.command-r/, ...other, outputFormat: false, capabilities: withTools },
];

const unknown: ModelFamily = { pattern: /^/, ...other, capabilities: withSchema };

/** The family of a model id, an inference profile or an ARN that names one. */
export function modelFamily(model: string): ModelFamily {
  return families.find(({ pattern }) => pattern.test(model)) ?? unknown;
}

/** What a model on Bedrock can do through Converse. */
export function capabilities(model: string): ReadonlySet<Capability> {
  const family = modelFamily(model);
  return family.name === "claude" ? claudeCapabilities(model) : new Set(family.capabilities);
}
