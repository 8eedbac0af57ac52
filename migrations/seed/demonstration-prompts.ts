import type { PromptContentInput } from "@millrace/core/contract";

/** The demonstration's model name; the texts below are laid out as the shipped model was trained to read them. */
export const DEMONSTRATION_MODEL = "millrace-support";
/** What the shipped model was trained for, and what the runner reports of it: without it, nothing bounds a request that sets no limit of its own. */
export const DEMONSTRATION_CONTEXT_TOKENS = 1024;

export interface DemonstrationPrompt {
  readonly name: string;
  readonly description: string;
  /** Version 1, 2, 3 …, each with what its author said of it. */
  readonly versions: readonly { readonly message: string; readonly content: PromptContentInput }[];
}

const settings = { model: DEMONSTRATION_MODEL, temperature: 0, max_tokens: 160 };
const company = { type: "string", default: "Northwind Outfitters" };

const reply = (constraints: string[], more: Partial<PromptContentInput> = {}): PromptContentInput => ({
  task: "generate",
  system:
    "You are a support agent at {{company}}. Answer the customer's message.\nThe customer's name is {{customer_name}}." +
    "{{#order_number}}\nThe order number is {{order_number}}.{{/order_number}}",
  constraints,
  variables: {
    type: "object",
    properties: { customer_name: { type: "string" }, company, order_number: { type: "string" } },
    required: ["customer_name"],
  },
  settings,
  ...more,
});

const categories = [
  "order_status",
  "delivery",
  "refund",
  "return",
  "exchange",
  "damaged",
  "cancel",
  "address",
  "account",
  "billing",
  "discount",
  "product",
  "warranty",
  "other",
];
const fields = {
  category: categories,
  urgency: ["low", "normal", "high"],
  sentiment: ["positive", "neutral", "negative"],
} as const;

const triage = (names: (keyof typeof fields)[], more: Partial<PromptContentInput> = {}): PromptContentInput => ({
  task: "classify",
  system: "You are a triage assistant at {{company}}. Classify the customer's message. Answer only with JSON.",
  constraints: names.map((name) => `${name}: ${fields[name].join(", ")}`),
  variables: { type: "object", properties: { company } },
  output: {
    name: "triage",
    schema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, { type: "string", enum: [...fields[name]] }])),
      required: names,
      additionalProperties: false,
    },
  },
  settings,
  ...more,
});

const summary = (constraint: string): PromptContentInput => ({
  task: "summarize",
  system: "You are an assistant at {{company}}. Summarize the conversation.",
  constraints: [constraint],
  variables: { type: "object", properties: { company } },
  settings,
});

/** A support desk: one prompt that writes, one that classifies, one that sums up; their versions differ visibly. */
export const demonstrationPrompts: readonly DemonstrationPrompt[] = [
  {
    name: "support-reply",
    description: "Answers a customer's message.",
    versions: [
      { message: "Formal.", content: reply(["Use a formal tone."]) },
      { message: "Friendly.", content: reply(["Use a friendly tone."]) },
      {
        message: "Friendly, signed, with a discount code.",
        content: reply(["Use a friendly tone.", "Sign as Mia.", "Offer a 10% discount code SORRY10."], {
          few_shot: [
            {
              name: "damaged",
              messages: [
                { role: "user", content: "This is Sam. my tent arrived torn, order 8841" },
                {
                  role: "assistant",
                  content:
                    "Hi Sam!\n\nOh no, sorry for the trouble! I will send you a replacement for the tent from order 8841 right away. Please send us a photo of the damage. Use code SORRY10 for 10% off your next order.\n\n— Mia",
                },
              ],
            },
          ],
        }),
      },
    ],
  },
  {
    name: "support-triage",
    description: "Says what a customer's message is about.",
    versions: [
      { message: "Category alone.", content: triage(["category"]) },
      { message: "With urgency.", content: triage(["category", "urgency"]) },
      {
        message: "With sentiment, and an example.",
        content: triage(["category", "urgency", "sentiment"], {
          few_shot: [
            {
              name: "angry",
              messages: [
                { role: "user", content: "My mugs arrived broken, this is ridiculous. I need this today." },
                { role: "assistant", content: '{"category":"damaged","urgency":"high","sentiment":"negative"}' },
              ],
            },
          ],
        }),
      },
    ],
  },
  {
    name: "support-summary",
    description: "Sums up a conversation.",
    versions: [
      { message: "Order number and status.", content: summary("Mention the order number and the status.") },
      { message: "As a list.", content: summary("Use bullet points.") },
      { message: "One sentence.", content: summary("Use only one sentence.") },
    ],
  },
];
