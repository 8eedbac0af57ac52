import { createOpenApiDocument } from "@millrace/core/openapi";
import { Hono } from "hono";
import type { Context } from "hono";
import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { contentSecurityPolicy } from "./content-security-policy.ts";
import { DocsPage } from "./docs-page.tsx";
import { isLoopbackRequest } from "./is-loopback-request.ts";
import { WelcomePage } from "./welcome-page.tsx";

export interface PagesDeps {
  /** The demonstration key, which only the local stack passes. It is shown to loopback requests only. */
  readonly localKeyHint: string | undefined;
  /** A fresh value for each page's content security policy, unguessable. */
  readonly newNonce: () => string;
}

/** The pages for people and the document for tools: `GET /`, `/docs`, `/openapi.json`. None of them needs a key or a bundle. */
export function createPages(deps: PagesDeps): Hono {
  const pages = new Hono();
  pages.get("/", (context) => {
    const nonce = deps.newNonce();
    const localKey = isLoopbackRequest(context.req.raw) ? deps.localKeyHint : undefined;
    return respond(
      context,
      nonce,
      <WelcomePage nonce={nonce} url={new URL(context.req.url).origin} localKey={localKey} />,
    );
  });
  pages.get("/docs", (context) => {
    const nonce = deps.newNonce();
    return respond(context, nonce, <DocsPage nonce={nonce} url={new URL(context.req.url).origin} />);
  });
  pages.get("/openapi.json", (context) => {
    context.header("access-control-allow-origin", "*");
    return context.json(createOpenApiDocument({ serverUrl: new URL(context.req.url).origin }));
  });
  return pages;
}

function respond(
  context: Context,
  nonce: string,
  page: HtmlEscapedString | Promise<HtmlEscapedString>,
): Response | Promise<Response> {
  context.header("content-security-policy", contentSecurityPolicy(nonce));
  context.header("x-content-type-options", "nosniff");
  context.header("referrer-policy", "no-referrer");
  context.header("cache-control", "no-store");
  return context.html(html`<!doctype html>${page}`);
}
