import { errorCatalogue } from "@millrace/core/contract";
import { createOpenApiDocument, operationTags, routeTable } from "@millrace/core/openapi";
import { copyScript } from "./copy-script.ts";
import { DocsOperation } from "./docs-operation.tsx";
import { docsStyles } from "./docs-styles.ts";
import { PageShell, TopBar } from "./page-shell.tsx";
import { Prose } from "./prose.tsx";

const groups = Object.entries(operationTags).map(([tag, description]) => ({
  tag,
  description,
  routes: routeTable.filter((route) => route.tag === tag),
}));

/** On a wide screen the contents stand open beside the text; on a small one they fold away after a choice. */
const contentsScript = `
const contents = document.getElementById("contents");
const wide = matchMedia("(min-width: 60rem)");
const fit = () => { contents.open = wide.matches; };
wide.addEventListener("change", fit);
fit();
contents.addEventListener("click", (event) => { if (event.target.closest("a") && !wide.matches) contents.open = false; });
`;

/** `GET /docs`: the reference, made from the same table as the OpenAPI document. */
export function DocsPage({ nonce, url }: { nonce: string; url: string }) {
  const document = createOpenApiDocument({ serverUrl: url });
  return (
    <PageShell
      title="API reference · Millrace"
      description="Every route of Millrace's HTTP API."
      nonce={nonce}
      styles={docsStyles}
      script={`(() => {${copyScript}${contentsScript}})();`}
    >
      <div class="docs">
        <TopBar here="docs" />
        <div class="columns">
          <Contents />
          <main>
            <Introduction url={url} />
            {groups.map(({ tag, description, routes }) => (
              <section id={tag.toLowerCase()} aria-labelledby={`${tag}-title`}>
                <h2 id={`${tag}-title`}>{tag}</h2>
                <p class="lead">{description}</p>
                {routes.map((route) => (
                  <DocsOperation route={route} document={document} serverUrl={url} />
                ))}
              </section>
            ))}
            <ErrorCatalogue />
          </main>
        </div>
      </div>
    </PageShell>
  );
}

function Contents() {
  return (
    <nav class="contents" aria-label="Contents">
      <details id="contents" open>
        <summary>Contents</summary>
        <p>
          <a href="#start">Start here</a>
        </p>
        {groups.map(({ tag, routes }) => (
          <>
            <p>
              <a href={`#${tag.toLowerCase()}`}>{tag}</a>
            </p>
            <ul>
              {routes.map((route) => (
                <li>
                  <a href={`#${route.id}`}>{route.summary}</a>
                </li>
              ))}
            </ul>
          </>
        ))}
        <p>
          <a href="#errors">Error codes</a>
        </p>
      </details>
    </nav>
  );
}

function Introduction({ url }: { url: string }) {
  return (
    <section id="start" class="start">
      <h1>API reference</h1>
      <Prose
        text={`Everything under \`/v1\` speaks OpenAI's API: give an OpenAI client the base URL \`${url}/v1\`. Everything under \`/api/v1\` manages what it answers with.`}
      />
      <h4>Keys</h4>
      <Prose text="Send `authorization: Bearer <key>`. A key belongs to one environment of one project and has permissions; each operation names the one that it needs." />
      <h4>Errors</h4>
      <Prose text="An error has a `code` of the catalogue below, a message that says what was wrong here, a `remedy`, and whether the same request can succeed later (`retryable`). Under `/v1` it comes in OpenAI's envelope, under `/api` as `application/problem+json`." />
      <h4>Traces</h4>
      <Prose text="Every answer under `/v1` names its trace in the header `x-millrace-trace`; quote it when something looks wrong." />
    </section>
  );
}

function ErrorCatalogue() {
  return (
    <section id="errors" aria-labelledby="errors-title">
      <h2 id="errors-title">Error codes</h2>
      <p class="lead">The whole catalogue.</p>
      <dl class="catalogue">
        {Object.entries(errorCatalogue).map(([code, row]) => (
          <div id={`error-${code}`}>
            <dt>
              <code>{code}</code> <span>{row.status}</span>
              {row.retryable ? <span class="retry">retry helps</span> : null}
            </dt>
            <dd>
              {row.title}. <Remedy text={row.remedy} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Remedy({ text }: { text: string }) {
  return <>{text.split("`").map((piece, index) => (index % 2 === 1 ? <code>{piece}</code> : piece))}</>;
}
