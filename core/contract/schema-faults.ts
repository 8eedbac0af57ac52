import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** One thing that is wrong with a value. */
export interface SchemaFault {
  /** As a caller would write it, such as `messages[0].content`; "" is the value itself. */
  readonly path: string;
  readonly message: string;
}

/** `messages[0].content`: how a caller would write the path. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** What zod says of a member that is not there; its issues do not hold the value, so that its text has to tell. */
const ABSENT = /^Invalid (?:input|option): .*, received undefined$/;

/** Whether an issue says that something else was meant: a key that the arm does not have, one that it needs, or a list of other things. */
function isOfShape({ code, message, path }: Issue): boolean {
  const isOfElement = code === "invalid_type" && typeof path.at(-1) === "number";
  return code === "unrecognized_keys" || code === "invalid_union" || isOfElement || ABSENT.test(message);
}

/** How far an arm of a union is from what was given: not the right type at all, then by members of another shape, then by depth. */
function compareArms(one: readonly Issue[], other: readonly Issue[]): number {
  const shape = (arm: readonly Issue[]): number => arm.filter(isOfShape).length;
  const depth = (arm: readonly Issue[]): number => Math.max(...arm.map(({ path }) => path.length));
  return Number(isOfType(one)) - Number(isOfType(other)) || shape(one) - shape(other) || depth(other) - depth(one);
}

/** Whether the value itself has another type than the arm wants. */
function isOfType(arm: readonly Issue[]): boolean {
  return arm.some(({ code, path }) => code === "invalid_type" && path.length === 0);
}

/** `string`, of an issue that says that one was expected. */
function expectedType(arm: readonly Issue[]): string | undefined {
  const [issue] = arm;
  return issue?.code === "invalid_type" && issue.path.length === 0 ? issue.expected : undefined;
}

/** Of a union's failures, the arm that was nearest says best what was meant; where none is near, all of their types. */
function nearest(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const types = issue.errors.map(expectedType);
  if (types.every((type) => type !== undefined))
    return [{ ...issue, message: `expected ${[...new Set(types)].join(" or ")}` }];
  const [best = []] = issue.errors.toSorted(compareArms);
  return best.flatMap((inner) => nearest({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** What is wrong with a value, in words for who wrote it, the first first; of a union what its nearest arm says. */
export function schemaFaults({ issues }: { readonly issues: readonly Issue[] }): readonly SchemaFault[] {
  return issues.flatMap(nearest).map(({ path, message }) => ({
    path: pathText(path),
    message: ABSENT.test(message) && path.length > 0 ? "is missing" : message.replace(/^Invalid input: /, ""),
  }));
}

/** `messages[0].content: expected string or array`. */
export function faultText({ path, message }: SchemaFault): string {
  return path === "" ? message : `${path}: ${message}`;
}
