/** Values shown in the document and the reference; a test parses each with its schema. */

export const chatRequestExample = {
  model: "prompt:support-reply",
  stream: true,
  prompt: { variables: { customer_name: "Ana", order_number: "1042" } },
  messages: [{ role: "user", content: "Where is my order?" }],
};

export const chatCompletionExample = {
  id: "chatcmpl_019aac3f5d0b7c1e8f20a1b2c3d4e5f6",
  object: "chat.completion",
  created: 1795348800,
  model: "millrace-support",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Hi Ana!\n\nThanks for reaching out! Order 1042 is on its way." },
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 41, completion_tokens: 18, total_tokens: 59 },
};

export const chatChunkExample = {
  id: "chatcmpl_019aac3f5d0b7c1e8f20a1b2c3d4e5f6",
  object: "chat.completion.chunk",
  created: 1795348800,
  model: "millrace-support",
  choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }],
};

export const modelExample = { id: "millrace-support", object: "model", created: 1795348800, owned_by: "local-runner" };

const promptContentExample = {
  system: "You are a support agent at {{company}}. Answer the customer's message.",
  constraints: ["Use a friendly tone.", "Sign as Mia."],
  variables: {
    type: "object",
    properties: { company: { type: "string", default: "Northwind Outfitters" }, customer_name: { type: "string" } },
    required: ["customer_name"],
  },
  settings: { model: "millrace-support", temperature: 0, max_tokens: 160 },
};

export const createPromptExample = {
  name: "support-reply",
  description: "Answers a customer's message.",
  content: promptContentExample,
  message: "first version",
};

export const createVersionExample = {
  content: promptContentExample,
  message: "friendlier, and signed",
  expected_latest: 2,
};

export const labelMoveExample = {
  id: "mov_019aac3f5d0b7c1e8f20a1b2c3d4e5f6",
  label: "production",
  from_version: 2,
  to_version: 3,
  kind: "set",
  reason: "friendlier tone",
  actor: "key_019aac3f5d0b7c1e8f20a1b2c3d4e5f6",
  at: "2026-11-22T12:00:00Z",
};

export const dotpromptExample = `---
model: millrace-support
config:
  temperature: 0
input:
  schema:
    customer_name: string
---
{{role "system"}}
You are a support agent. The customer's name is {{customer_name}}.
`;
