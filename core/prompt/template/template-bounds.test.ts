import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TemplateEngine } from "../../contract/prompt.ts";
import { compileTemplate, renderTemplate } from "./compile-template.ts";
import { MAX_RENDERED_CHARS } from "./limits.ts";
import { segmentsText } from "./segment.ts";

const engines: readonly TemplateEngine[] = ["mustache", "jinja", "dotprompt"];
const loops: Readonly<Record<TemplateEngine, (list: string, body: string) => string>> = {
  mustache: (list, body) => `{{#${list}}}${body}{{/${list}}}`,
  jinja: (list, body) => `{% for i in ${list} %}${body}{% endfor %}`,
  dotprompt: (list, body) => `{{#each @root.${list}}}${body}{{/each}}`,
};
const templateFault = (part: string) =>
  expect.objectContaining({ code: "template-error", message: expect.stringContaining(part) });

describe.each(engines)("%s bounds", (engine) => {
  const render = (source: string, variables: Record<string, unknown> = {}, includes: Record<string, string> = {}) =>
    renderTemplate({ engine, source, variables, includes });

  it("stops includes that multiply before they fill the memory", () => {
    const includes = Object.fromEntries(
      ["a", "b", "c", "d", "e"].map((name, index, all) => [name, `{{> ${all[index + 1] ?? "end"}}}`.repeat(60)]),
    );
    expect(() => render("{{> a}}", {}, { ...includes, end: "lol" })).toThrow(
      expect.objectContaining({ code: "template-error" }),
    );
  });

  it("stops an include of itself at the depth bound", () => {
    expect(() => render("{{> a}}", {}, { a: "x{{> a}}" })).toThrow(templateFault("deep"));
  });

  it("stops nested loops over long lists", () => {
    const source = loops[engine]("list", loops[engine]("list", loops[engine]("list", "")));
    expect(() => render(source, { list: Array.from({ length: 200 }, () => 1) })).toThrow(templateFault("steps"));
  });

  it("renders a value of 1 MB, and refuses output beyond the bound", () => {
    const big = "x".repeat(1024 * 1024);
    expect(segmentsText(render("{{big}}", { big }))).toHaveLength(big.length);
    expect(() => render("{{big}}".repeat(5), { big })).toThrow(templateFault(String(MAX_RENDERED_CHARS)));
  });

  it("refuses blocks nested beyond the bound, at once", () => {
    const open = { mustache: "{{#a}}", jinja: "{% if a %}", dotprompt: "{{#if a}}" }[engine];
    const close = { mustache: "{{/a}}", jinja: "{% endif %}", dotprompt: "{{/if}}" }[engine];
    const source = open.repeat(5000) + close.repeat(5000);
    expect(() => compileTemplate(engine, source)).toThrow(templateFault("deep"));
  });

  it("names line and column of an unclosed block", () => {
    const open = { mustache: "{{#a}}", jinja: "{% if a %}", dotprompt: "{{#if a}}" }[engine];
    expect(() => compileTemplate(engine, `one\r\ntwo ${open}`)).toThrow(templateFault("line 2"));
  });

  it("keeps CRLF, unicode and lone surrogates as they are", () => {
    const text = "a\r\n\u2028😀\ud800é";
    expect(segmentsText(render(`${text}{{v}}`, { v: text }))).toBe(text + text);
  });

  it("renders any text without tags to itself, and any value to itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, value) => {
        const literal = text.replaceAll(/[{}\\\0]/g, "");
        const segments = render(`${literal}|{{v}}|`, { v: value });
        expect(segmentsText(segments)).toBe(`${literal}|${value}|`);
        expect(segments.filter(({ kind }) => kind === "interp").map((segment) => segment.text)).toEqual(
          value === "" ? [] : [value],
        );
      }),
    );
  });

  it("never shows a value as literal text, and concatenates to the flat render", () => {
    const secret = "\u{e000}";
    const parts = ["{{v}}", "{{list}}", "text\n", " ", loops[engine]("list", "<{{v}}>"), "\n{{> p}}\n"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts)), (chosen) => {
        const segments = render(chosen.join(""), { v: secret, list: [secret, secret] }, { p: "p{{v}}\n" });
        const literals = segments.filter(({ kind }) => kind === "literal");
        expect(literals.every((segment) => !segment.text.includes(secret))).toBe(true);
        expect(segments.map((segment) => segment.text).join("")).toBe(segmentsText(segments));
      }),
    );
  });
});

describe("jinja filters", () => {
  it("names the place of a misused filter", () => {
    const render = () => renderTemplate({ engine: "jinja", source: "a\n {{ n | join(',') }}", variables: { n: 1 } });
    expect(render).toThrow(templateFault("line 2"));
  });

  it("refuses a replacement that would multiply the text", () => {
    const source = "{{ a | replace('x', a) | length }}";
    expect(() => renderTemplate({ engine: "jinja", source, variables: { a: "x".repeat(10_000) } })).toThrow(
      templateFault("exceeds"),
    );
  });

  it("keeps a strict variable strict through filters and loops", () => {
    for (const source of ["{{ q | trim }}", "{% for c in [q] %}{% endfor %}{{ q | default('') }}"]) {
      const render = () =>
        renderTemplate({
          engine: "jinja",
          source: source.replace("[q]", "q"),
          variables: { q: "user: x" },
          strict: new Set(["q"]),
        });
      expect(render).toThrow(expect.objectContaining({ code: "unsafe-interpolation" }));
    }
  });
});
