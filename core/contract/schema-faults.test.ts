import { describe, expect, it } from "vitest";
import { z } from "zod";
import { putModelSchema } from "./api/index.ts";
import { priceSchema } from "./price.ts";
import { faultText, schemaFaults } from "./schema-faults.ts";
import { chatRequestSchema } from "./wire/chat-request.ts";
import { embeddingRequestSchema } from "./wire/embeddings.ts";

function faultsOf(schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return error === undefined ? [] : schemaFaults(error).map(faultText);
}

const target = { kind: "target", provider: "cloud", model: "big" };
const when = { field: "user", is: "equals", value: "ana" };

describe("schemaFaults", () => {
  it("says that a member is missing", () => {
    expect(faultsOf(z.object({ model: z.string() }), {})).toEqual(["model: is missing"]);
    expect(faultsOf(z.object({ model: z.string() }), { model: 5 })).toEqual([
      "model: expected string, received number",
    ]);
  });

  it("says of a list that is too long that it is, whatever else it could have held", () => {
    const input = Array.from({ length: 2049 }, () => "text");
    expect(faultsOf(embeddingRequestSchema, { model: "m", input })).toEqual([
      "input: Too big: expected array to have <=2048 items",
    ]);
  });

  it("names every type that a value may have", () => {
    const messages = [{ role: "user", content: 5 }];
    expect(faultsOf(chatRequestSchema, { model: "m", messages })).toEqual([
      "messages[0].content: expected string or array",
    ]);
  });

  it("names the kinds of a route to one who invents another", () => {
    const [fault] = faultsOf(putModelSchema, { route: { kind: "round-robin", routes: [target] } });
    expect(fault).toMatch(/^route\.kind: .*'target'.*'weighted'.*'cheapest'|^route\.kind: .*target/);
  });

  it("points into the branch of a route that is wrong", () => {
    const routes = [target, { kind: "weighted", routes: [{ weight: -1, route: target }] }];
    expect(faultsOf(putModelSchema, { route: { kind: "fallback", routes } })).toEqual([
      "route.routes[1].routes[0].weight: Too small: expected number to be >0",
    ]);
    expect(faultsOf(putModelSchema, {})).toEqual(["route: is missing"]);
  });

  it("says which part of a condition is wrong", () => {
    const routeOf = (condition: object): object => ({
      route: { kind: "conditional", branches: [{ when: condition, route: target }] },
    });
    const at = "route.branches[0].when";
    expect(faultsOf(putModelSchema, routeOf({ ...when, field: "moon" }))).toEqual([
      `${at}.field: not a field that a condition can look at`,
    ]);
    expect(faultsOf(putModelSchema, routeOf({ ...when, is: "equal" }))[0]).toContain(`${at}.is: `);
    expect(faultsOf(putModelSchema, routeOf({ all: [{ ...when, is: "equal" }] }))[0]).toContain(`${at}.all[0].is: `);
    expect(faultsOf(putModelSchema, routeOf({ field: "user", is: "exists", valu: 1 }))[0]).toContain('"valu"');
  });

  it("says what a price may belong to", () => {
    const price = { scope: { kind: "nobody" }, model: "m", rates: { input: 1 } };
    expect(faultsOf(priceSchema, price)[0]).toContain("scope.kind: ");
  });
});
