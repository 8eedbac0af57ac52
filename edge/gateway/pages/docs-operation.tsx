import { errorCatalogue } from "@millrace/core/contract";
import { errorCodesOf, type ApiOperation, type OpenApiDocument, type OpenApiOperation } from "@millrace/core/openapi";
import { curlExample } from "./curl-example.ts";
import { Snippet } from "./page-shell.tsx";
import { Prose } from "./prose.tsx";
import { Field, SchemaTree } from "./schema-tree.tsx";

export interface DocsOperationProps {
  readonly route: ApiOperation;
  readonly document: OpenApiDocument;
  readonly serverUrl: string;
}

/** One operation of the reference. */
export function DocsOperation({ route, document, serverUrl }: DocsOperationProps) {
  const operation = document.paths[route.path]?.[route.method];
  if (operation === undefined) return null;
  const named = document.components.schemas;
  const body = Object.values(operation.requestBody?.content ?? {})[0];
  return (
    <article id={route.id} class="operation" aria-labelledby={`${route.id}-title`}>
      <h3 id={`${route.id}-title`}>
        <a href={`#${route.id}`}>{route.summary}</a>
      </h3>
      <p class="place">
        <span class={`method ${route.method}`}>{route.method.toUpperCase()}</span> <code>{route.path}</code>
      </p>
      <div class="prose">{operation.description === undefined ? null : <Prose text={operation.description} />}</div>
      <Parameters operation={operation} named={named} />
      {body === undefined ? null : (
        <>
          <h4>Body</h4>
          <SchemaTree schema={body.schema} named={named} />
        </>
      )}
      <h4>Example</h4>
      <Snippet
        code={curlExample({ serverUrl, path: route.path, method: route.method, operation })}
        label={`the command for ${route.id}`}
      />
      <Answers route={route} operation={operation} named={named} />
      <Errors route={route} />
    </article>
  );
}

type Named = OpenApiDocument["components"]["schemas"];

function Parameters({ operation, named }: { operation: OpenApiOperation; named: Named }) {
  const parameters = operation.parameters ?? [];
  if (parameters.length === 0) return null;
  return (
    <>
      <h4>Parameters</h4>
      <ul class="tree">
        {parameters.map((parameter) => (
          <li>
            <Field
              name={parameter.in === "path" ? `{${parameter.name}}` : parameter.name}
              schema={{
                ...parameter.schema,
                ...(parameter.description === undefined ? {} : { description: parameter.description }),
              }}
              named={named}
              isRequired={parameter.required}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

function Answers({ route, operation, named }: { route: ApiOperation; operation: OpenApiOperation; named: Named }) {
  return (
    <>
      <h4>Answer</h4>
      {route.responses.map(({ status }) => {
        const response = operation.responses[String(status)];
        return Object.entries(response?.content ?? { "": undefined }).map(([mediaType, content]) => (
          <details class="answer">
            <summary>
              <b>{status}</b> {mediaType === "" || mediaType === "application/json" ? "" : <code>{mediaType}</code>}{" "}
              <span>{response?.description}</span>
            </summary>
            {content === undefined ? null : (
              <>
                {content.example === undefined ? null : (
                  <pre class="example">
                    {typeof content.example === "string" ? content.example : JSON.stringify(content.example, null, 2)}
                  </pre>
                )}
                <SchemaTree schema={content.schema} named={named} />
              </>
            )}
          </details>
        ));
      })}
    </>
  );
}

function Errors({ route }: { route: ApiOperation }) {
  const codes = errorCodesOf(route);
  if (codes.length === 0) return null;
  return (
    <details class="answer errors">
      <summary>
        <b>Errors</b> <span>{codes.length} codes</span>
      </summary>
      <ul>
        {codes.map((code) => (
          <li>
            <a href={`#error-${code}`}>
              <code>{code}</code>
            </a>{" "}
            <span>
              {errorCatalogue[code].status} · {errorCatalogue[code].title}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
