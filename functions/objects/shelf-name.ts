import { z } from "zod";

const shelfNameSchema = z.object({
  shelf_name: z.literal(1),
  trace_id: z.string(),
  outbox: z.string(),
  bytes: z.int(),
});

/** What travels in the queue for a message that is too large for it: where it lies. The shelf owns the message, and sends its name until it is safe. */
export type ShelfName = z.output<typeof shelfNameSchema>;

const PREFIX = '{"shelf_name":1,';

export function nameText(name: Omit<ShelfName, "shelf_name">): string {
  return PREFIX + JSON.stringify(name).slice(1);
}

/** The name that a queue's message is, or undefined when it is anything else. */
export function readName(body: unknown): ShelfName | undefined {
  if (typeof body !== "string" || !body.startsWith(PREFIX)) return undefined;
  try {
    return shelfNameSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
