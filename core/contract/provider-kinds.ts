import { type SurfaceCapability, surfaceCapabilitySchema } from "./capability.ts";
import type { ProviderKind, Tier } from "./provider.ts";

/** One name in a provider's `settings`. */
export interface ProviderSetting {
  readonly name: string;
  readonly required: boolean;
  /** The whole value must match. */
  readonly pattern: RegExp;
  /** For a person: what it is and where it is found. */
  readonly meaning: string;
}

/** What is said once of a kind of provider: what it is, where it is, and what it needs. */
export interface ProviderKindRow {
  readonly title: string;
  readonly tier: Tier;
  /** What calls go to when the provider names no `base_url`; `{name}` stands for a setting. Absent: see `baseUrl`. */
  readonly defaultBaseUrl?: string;
  /** `needed`: there is no address to assume. `optional`: the kind has one, or finds its own. */
  readonly baseUrl: "needed" | "optional";
  readonly settings: readonly ProviderSetting[];
  /** `needed`: the vendor's own address answers nobody without one. */
  readonly secret: "needed" | "optional";
  /** Beyond text and vectors: what its API has in OpenAI's form. A route's target corrects it by `capabilities`. */
  readonly surfaces?: readonly SurfaceCapability[];
  /** One line for the documentation: what the base URL and the secret are. */
  readonly docs: string;
}

/** A value that travels as an HTTP header: printable ASCII. */
const headerValue = /^[\x20-\x7e]{1,200}$/;

/** A vendor with one public address and a key. */
const hosted = { tier: "cloud", baseUrl: "optional", secret: "needed", settings: [] } as const;
/** A server that somebody runs: it is where they put it, and asks for a key only if they made it. */
const selfHosted = { tier: "local", baseUrl: "needed", secret: "optional", settings: [] } as const;

/** Every kind of provider. Validation of providers, the OpenAPI document and the gateway's adapters read it. */
export const providerKinds: Readonly<Record<ProviderKind, ProviderKindRow>> = {
  runner: { ...selfHosted, title: "Millrace runner", docs: "`base_url` is the runner's `/v1`." },
  "openai-compatible": {
    ...selfHosted,
    tier: "cloud",
    title: "Any server that speaks OpenAI's API",
    surfaces: surfaceCapabilitySchema.options,
    docs: "`base_url` is what comes before `/chat/completions`.",
  },
  huggingface: {
    ...hosted,
    title: "Hugging Face Inference",
    secret: "optional",
    docs: "Without `base_url` Hugging Face's router answers (`inference_provider` chooses); with one, an Inference Endpoint. The secret is a token.",
  },
  openai: {
    ...hosted,
    title: "OpenAI",
    defaultBaseUrl: "https://api.openai.com/v1",
    settings: [
      { name: "organization", required: false, pattern: headerValue, meaning: "Organization to bill (`org-…`)." },
      { name: "project", required: false, pattern: headerValue, meaning: "Project to bill (`proj_…`)." },
    ],
    surfaces: surfaceCapabilitySchema.options,
    docs: "The secret is an API key.",
  },
  "azure-openai": {
    ...hosted,
    title: "Azure OpenAI",
    baseUrl: "needed",
    settings: [
      {
        name: "api_version",
        required: false,
        pattern: /^\d{4}-\d{2}-\d{2}(?:-preview)?$/,
        meaning: "Calls the deployment's own URL with this `api-version`; absent = the v1 API.",
      },
    ],
    surfaces: ["image-generations", "image-edits", "speech", "transcriptions", "translations"],
    docs: "`base_url` is the resource (`https://<name>.openai.azure.com`), the target's model the deployment's name, the secret one of the resource's keys.",
  },
  mistral: {
    ...hosted,
    title: "Mistral",
    defaultBaseUrl: "https://api.mistral.ai/v1",
    surfaces: ["moderations", "transcriptions"],
    docs: "The secret is an API key.",
  },
  groq: {
    ...hosted,
    title: "Groq",
    defaultBaseUrl: "https://api.groq.com/openai/v1",
    surfaces: ["speech", "transcriptions", "translations"],
    docs: "The secret is an API key.",
  },
  together: {
    ...hosted,
    title: "Together AI",
    defaultBaseUrl: "https://api.together.xyz/v1",
    surfaces: ["image-generations", "speech", "transcriptions", "translations"],
    docs: "The secret is an API key.",
  },
  fireworks: {
    ...hosted,
    title: "Fireworks AI",
    defaultBaseUrl: "https://api.fireworks.ai/inference/v1",
    docs: "The secret is an API key; models are named `accounts/<account>/models/<model>`.",
  },
  deepseek: {
    ...hosted,
    title: "DeepSeek",
    defaultBaseUrl: "https://api.deepseek.com",
    docs: "The secret is an API key.",
  },
  openrouter: {
    ...hosted,
    title: "OpenRouter",
    defaultBaseUrl: "https://openrouter.ai/api/v1",
    settings: [
      {
        name: "referer",
        required: false,
        pattern: /^https?:\/\/[\x21-\x7e]{1,190}$/,
        meaning: "Your site, for OpenRouter's rankings.",
      },
      { name: "title", required: false, pattern: headerValue, meaning: "Your application's name, for the same." },
    ],
    docs: "The secret is an API key; models are named `<author>/<model>`.",
  },
  xai: {
    ...hosted,
    title: "xAI",
    defaultBaseUrl: "https://api.x.ai/v1",
    surfaces: ["image-generations"],
    docs: "The secret is an API key.",
  },
  "workers-ai": {
    ...hosted,
    title: "Cloudflare Workers AI",
    defaultBaseUrl: "https://api.cloudflare.com/client/v4/accounts/{account_id}/ai/v1",
    settings: [
      {
        name: "account_id",
        required: true,
        pattern: /^[0-9a-f]{32}$/,
        meaning: "The account that runs and pays, 32 hexadecimal digits.",
      },
    ],
    docs: "The secret is an API token with the permission Workers AI; models are named `@cf/<author>/<model>`.",
  },
  vllm: {
    ...selfHosted,
    title: "vLLM",
    surfaces: ["transcriptions", "translations"],
    docs: "`base_url` is the server's `/v1`; the secret its `--api-key`, if any.",
  },
  sglang: {
    ...selfHosted,
    title: "SGLang",
    docs: "`base_url` is the server's `/v1`; the secret its `--api-key`, if any.",
  },
  tgi: {
    ...selfHosted,
    title: "Text Generation Inference",
    docs: "`base_url` is the server's `/v1`; the secret its `--api-key`, if any.",
  },
  ollama: { ...selfHosted, title: "Ollama", docs: "`base_url` is the server's `/v1`; no secret." },
  "lm-studio": { ...selfHosted, title: "LM Studio", docs: "`base_url` is the server's `/v1`; no secret." },
  triton: {
    ...selfHosted,
    title: "Triton (TensorRT-LLM)",
    docs: "`base_url` is the `/v1` of Triton's OpenAI frontend.",
  },
  anthropic: {
    ...hosted,
    title: "Anthropic",
    defaultBaseUrl: "https://api.anthropic.com/v1",
    docs: "The secret is an API key; `base_url` is what comes before `/messages`.",
  },
  gemini: {
    ...hosted,
    title: "Google Gemini",
    defaultBaseUrl: "https://generativelanguage.googleapis.com/v1beta",
    docs: "The secret is an API key of AI Studio; `base_url` is what comes before `/models`.",
  },
  "vertex-ai": {
    ...hosted,
    title: "Google Vertex AI",
    settings: [
      {
        name: "project",
        required: false,
        pattern: /^[a-z0-9][a-z0-9:.-]{2,62}$/,
        meaning: "The Google Cloud project that pays; absent = the service account's own.",
      },
      {
        name: "region",
        required: false,
        pattern: /^(?:global|us|eu|[a-z]+-[a-z]+\d+)$/,
        meaning: "Where models run, such as `europe-west4`; absent = `global`.",
      },
    ],
    docs: "The secret is the JSON of a service account's key, or of an external account (workload identity federation) whose token comes from a URL.",
  },
  bedrock: {
    ...hosted,
    title: "Amazon Bedrock",
    defaultBaseUrl: "https://bedrock-runtime.{region}.amazonaws.com",
    settings: [
      {
        name: "region",
        required: true,
        pattern: /^[a-z]{2}(?:-[a-z]+)+-\d$/,
        meaning: "The AWS region that is called and signed for, such as `eu-central-1`.",
      },
    ],
    docs: "The secret is `<access key id>:<secret access key>`, with `:<session token>` behind it for temporary credentials, or a Bedrock API key.",
  },
  cohere: {
    ...hosted,
    title: "Cohere",
    defaultBaseUrl: "https://api.cohere.com/v2",
    docs: "The secret is an API key; `base_url` is what comes before `/chat`.",
  },
};
