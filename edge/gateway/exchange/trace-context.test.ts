import { describe, expect, it } from "vitest";
import { traceContext } from "./trace-context.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = "00f067aa0ba902b7";
const of = (traceparent: string, tracestate?: string) =>
  traceContext(new Headers(tracestate === undefined ? { traceparent } : { traceparent, tracestate }));

describe("traceContext", () => {
  it("keeps a valid traceparent and its tracestate", () => {
    expect(of(`00-${trace}-${parent}-01`, "rojo=1")).toEqual({
      traceparent: `00-${trace}-${parent}-01`,
      tracestate: "rojo=1",
    });
    expect(of(`01-${trace}-${parent}-00-more`)).toHaveProperty("traceparent");
  });

  it.each([
    ["a trace of zeros", `00-${"0".repeat(32)}-${parent}-01`],
    ["a parent of zeros", `00-${trace}-${"0".repeat(16)}-01`],
    ["the forbidden version", `ff-${trace}-${parent}-01`],
    ["upper case", `00-${trace.toUpperCase()}-${parent}-01`],
    ["more fields than its version has", `00-${trace}-${parent}-01-x`],
    ["something else", "hello"],
  ])("takes no notice of %s", (_name, header) => {
    expect(of(header)).toEqual({});
  });

  it("leaves out a tracestate that is too long, as a whole", () => {
    expect(of(`00-${trace}-${parent}-01`, "a".repeat(513))).toEqual({ traceparent: `00-${trace}-${parent}-01` });
  });
});
