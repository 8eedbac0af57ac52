import type { Child } from "hono/jsx";
import { baseStyles } from "./base-styles.ts";
import { faviconUrl, Mark } from "./mark.tsx";

export interface PageShellProps {
  readonly title: string;
  readonly description: string;
  readonly nonce: string;
  readonly styles: string;
  readonly script: string;
  readonly children?: Child;
}

/** The document around a page: one style, one script, both by nonce; nothing is loaded from anywhere else. */
export function PageShell({ title, description, nonce, styles, script, children }: PageShellProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <meta name="description" content={description} />
        <link rel="icon" href={faviconUrl} />
        <style nonce={nonce} dangerouslySetInnerHTML={{ __html: baseStyles + styles }} />
      </head>
      <body>
        {children}
        <script nonce={nonce} dangerouslySetInnerHTML={{ __html: script }} />
      </body>
    </html>
  );
}

/** The bar at the top of every page. */
export function TopBar({ here }: { here: "welcome" | "docs" }) {
  return (
    <header class="top">
      <a class="brand" href="/">
        <Mark size={30} />
        millrace
      </a>
      <nav aria-label="Pages">
        {here === "docs" ? <a href="/">Welcome</a> : <a href="/docs">API reference</a>}
        <a href="/openapi.json">OpenAPI</a>
      </nav>
    </header>
  );
}

/** A block of code with its copy button. */
export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <div class="snippet">
      <pre tabindex={0}>
        <code>{code}</code>
      </pre>
      <button type="button" class="button copy" data-copy="" aria-label={`Copy ${label}`}>
        Copy
      </button>
    </div>
  );
}
