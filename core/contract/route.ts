import { z } from "zod";
import { capabilitySchema } from "./capability.ts";
import { type Condition, conditionSchema } from "./condition.ts";
import { slugSchema } from "./ids.ts";
import { resilienceSchema } from "./resilience.ts";
import { surfaceSchema } from "./surface.ts";

/** Branches of one node; more are a table, and belong into a condition's list. */
const MAX_BRANCHES = 16;
/** Nodes of one tree: planning is linear in it. */
const MAX_ROUTE_NODES = 128;
const MAX_ROUTE_DEPTH = 8;

const targetSchema = z.strictObject({
  kind: z.literal("target"),
  provider: slugSchema,
  /** The name that the provider knows the model by. */
  model: z.string().min(1).max(300),
  /** Absent = the model's own `context_tokens`, else what the adapter knows, else unknown, which excludes nothing. */
  context_tokens: z.int().positive().optional(),
  /** Corrects what the adapter says of this model: true adds, false takes away. */
  capabilities: z.partialRecord(capabilitySchema, z.boolean()).optional(),
});
export type TargetRoute = z.output<typeof targetSchema>;

interface Weighted {
  /** Share among the branches; any unit. */
  readonly weight: number;
  readonly route: Route;
}

/**
 * How a model name becomes targets. Every node orders its branches; what fails falls to the next in the order, so that each kind but `conditional` is
 * also a fallback. `fallback` as written · `weighted` by a draw without replacement · `sticky` the same with a draw that depends on `by` only ·
 * `conditional` the first branch whose condition holds, and no other: a condition may stand for where data may go · `fastest` by peak-EWMA of
 * first-token time, the better of two drawn ones first · `cheapest` by price at the estimated tokens (unknown prices last).
 */
export type Route =
  | TargetRoute
  | { readonly kind: "fallback" | "fastest" | "cheapest"; readonly routes: readonly Route[] }
  | { readonly kind: "weighted"; readonly routes: readonly Weighted[] }
  | { readonly kind: "sticky"; readonly by: string; readonly routes: readonly Weighted[] }
  | {
      readonly kind: "conditional";
      readonly branches: readonly { readonly when: Condition; readonly route: Route }[];
      readonly otherwise?: Route | undefined;
    };

const lazyRoute: z.ZodType<Route> = z.lazy(() => routeSchema);
const weightedSchema = z.strictObject({ weight: z.number().positive().max(1_000_000), route: lazyRoute });

/** The branches of a node, in the order in which they are written. */
export function branchesOf(route: Route): readonly Route[] {
  switch (route.kind) {
    case "target":
      return [];
    case "fallback":
    case "fastest":
    case "cheapest":
      return route.routes;
    case "weighted":
    case "sticky":
      return route.routes.map((branch) => branch.route);
    case "conditional":
      return [
        ...route.branches.map((branch) => branch.route),
        ...(route.otherwise === undefined ? [] : [route.otherwise]),
      ];
  }
}

function sizeOf(route: Route): { readonly nodes: number; readonly depth: number } {
  const below = branchesOf(route).map(sizeOf);
  return {
    nodes: 1 + below.reduce((sum, { nodes }) => sum + nodes, 0),
    depth: 1 + below.reduce((most, { depth }) => Math.max(most, depth), 0),
  };
}

/** A tree of at most MAX_ROUTE_NODES nodes and MAX_ROUTE_DEPTH levels. Its own branches refer to it, so that it has one name in the API's document. */
export const routeSchema: z.ZodType<Route> = z
  .discriminatedUnion("kind", [
    targetSchema,
    z.strictObject({
      kind: z.enum(["fallback", "fastest", "cheapest"]),
      routes: z.array(lazyRoute).min(1).max(MAX_BRANCHES),
    }),
    z.strictObject({ kind: z.literal("weighted"), routes: z.array(weightedSchema).min(1).max(MAX_BRANCHES) }),
    z.strictObject({
      kind: z.literal("sticky"),
      /** What decides: `user`, `key` or `metadata.<key>`; a request without it is drawn by chance. */
      by: z.string().regex(/^(?:user|key|metadata\.[^\s.]{1,64})$/),
      routes: z.array(weightedSchema).min(1).max(MAX_BRANCHES),
    }),
    z.strictObject({
      kind: z.literal("conditional"),
      branches: z
        .array(z.strictObject({ when: conditionSchema, route: lazyRoute }))
        .min(1)
        .max(MAX_BRANCHES),
      otherwise: lazyRoute.optional(),
    }),
  ])
  .superRefine((route, context) => {
    const { nodes, depth } = sizeOf(route);
    if (nodes > MAX_ROUTE_NODES)
      context.addIssue({ code: "custom", message: `a route has at most ${MAX_ROUTE_NODES} nodes, this one ${nodes}` });
    if (depth > MAX_ROUTE_DEPTH)
      context.addIssue({ code: "custom", message: `a route has at most ${MAX_ROUTE_DEPTH} levels, this one ${depth}` });
  });

/** Every target of a tree, in the order in which they are written. */
export function targetsOf(route: Route): readonly TargetRoute[] {
  return route.kind === "target" ? [route] : branchesOf(route).flatMap(targetsOf);
}

/** A name that callers use, and how it becomes targets. */
export const modelSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/,
      "use 1–200 letters, digits and . _ : / -, the first a letter or a digit",
    )
    .refine((name) => !name.startsWith("prompt:"), "the prefix `prompt:` is taken"),
  route: routeSchema,
  surfaces: z.array(surfaceSchema).min(1).default(["chat"]),
  context_tokens: z.int().positive().optional(),
  /** Absent = `defaultResilience`. */
  resilience: resilienceSchema.optional(),
});
export type Model = z.output<typeof modelSchema>;
