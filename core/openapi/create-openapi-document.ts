import type { z } from "zod";
import { errorCatalogue, type ErrorCode } from "../contract/index.ts";
import { buildComponents, type Components, type JsonSchema } from "./component-schemas.ts";
import { anthropicErrorSchema, openAiErrorSchema, problemSchema } from "./components.ts";
import { operationTags, pathParameters, type ApiOperation, type OperationResponse } from "./operation.ts";
import { routeTable } from "./route-table.ts";

export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}
export interface OpenApiMediaType {
  readonly schema: JsonSchema;
  readonly example?: unknown;
}
export interface OpenApiResponse {
  readonly description: string;
  readonly headers?: JsonSchema;
  readonly content?: Readonly<Record<string, OpenApiMediaType>>;
}
export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly JsonSchema[];
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: Readonly<Record<string, OpenApiMediaType>> };
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}
/** The parts of an OpenAPI 3.1 document that ours has. */
export interface OpenApiDocument {
  readonly openapi: "3.1.1";
  readonly info: JsonSchema;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly securitySchemes: JsonSchema };
}

/** Any authenticated route can give these. */
const keyErrors: readonly ErrorCode[] = ["missing-key", "invalid-key", "permission-denied"];
/** Any route of the control API can give these; with a body, the next row too. */
const controlErrors: readonly ErrorCode[] = ["invalid-request", "state-unavailable", "config-unavailable", "internal"];
const controlBodyErrors: readonly ErrorCode[] = [
  "malformed-json",
  "unsupported-media-type",
  "body-too-large",
  "body-too-deep",
];

/**
 * The OpenAPI 3.1 document of every public route, made from the route table and the contract's schemas.
 * @param options.serverUrl The origin that the caller reached, such as http://localhost:8787.
 */
export function createOpenApiDocument(options: { readonly serverUrl: string }): OpenApiDocument {
  const components = buildComponents({
    input: routeTable.flatMap(({ request }) => (request === undefined ? [] : [request.schema])),
    output: [
      anthropicErrorSchema,
      openAiErrorSchema,
      problemSchema,
      ...routeTable.flatMap(({ responses }) => responses.flatMap(({ body, stream }) => [body?.schema, stream?.schema])),
    ].filter((schema) => schema !== undefined),
  });
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const operation of routeTable) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describeOperation(operation, components) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Millrace",
      version: "1",
      summary: "Run language models in production behind one HTTP API.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: options.serverUrl }],
    tags: Object.entries(operationTags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        key: { type: "http", scheme: "bearer", bearerFormat: "mlr_…", description: "An API key of one environment." },
      },
    },
  };
}

/** The codes that an operation can answer with, those of its dialect included. */
export function errorCodesOf(operation: ApiOperation): readonly ErrorCode[] {
  if (operation.permission === "none") return operation.errors ?? [];
  const isControl = operation.path.startsWith("/api/");
  const common = isControl ? controlErrors : (["internal"] as const);
  const body = isControl && operation.request !== undefined ? controlBodyErrors : [];
  return [...new Set([...keyErrors, ...(operation.errors ?? []), ...body, ...common])];
}

function describeOperation(operation: ApiOperation, components: Components): OpenApiOperation {
  const parameters = [...pathParametersOf(operation), ...queryParametersOf(operation, components)];
  const permission = operation.permission === "none" ? "" : `Needs ${permissionWords(operation.permission)}.`;
  const description = [operation.description, permission].filter((part) => part).join("\n\n");
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(description === "" ? {} : { description }),
    security: operation.permission === "none" ? [] : [{ key: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.request === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              [operation.request.mediaType ?? "application/json"]: {
                schema: components.schemaFor(operation.request.schema, "input"),
                ...exampleOf(operation.request.example),
              },
            },
          },
        }),
    responses: { ...successResponses(operation, components), ...errorResponses(operation, components) },
  };
}

function permissionWords(permission: string): string {
  return permission === "any" ? "a key" : `a key with the permission \`${permission}\``;
}

function exampleOf(example: unknown): { example?: unknown } {
  return example === undefined ? {} : { example };
}

function pathParametersOf(operation: ApiOperation): OpenApiParameter[] {
  return Array.from(operation.path.matchAll(/\{([a-z]+)\}/g), ([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: pathParameters[name] ?? "",
    schema: { type: "string" },
  }));
}

function queryParametersOf(operation: ApiOperation, components: Components): OpenApiParameter[] {
  return Object.entries(operation.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: !schema.safeParse(undefined).success,
    schema: components.schemaFor(schema, "output"),
  }));
}

function successResponses(operation: ApiOperation, components: Components): Record<string, OpenApiResponse> {
  const traced = operation.path.startsWith("/v1/");
  return Object.fromEntries(
    operation.responses.map((response) => [
      String(response.status),
      {
        description: response.description,
        ...(traced
          ? { headers: { "x-millrace-trace": { description: "The trace id.", schema: { type: "string" } } } }
          : {}),
        ...contentOf(response, components),
      },
    ]),
  );
}

function contentOf(response: OperationResponse, components: Components): Pick<OpenApiResponse, "content"> {
  const content: Record<string, OpenApiMediaType> = {};
  if (response.body !== undefined) {
    content["application/json"] = {
      schema: components.schemaFor(response.body.schema, "output"),
      ...exampleOf(response.body.example),
    };
  }
  if (response.stream !== undefined) {
    const event = components.schemaFor(response.stream.schema, "output");
    const last = response.lastEvent ?? "[DONE]";
    content["text/event-stream"] = {
      schema: {
        type: "string",
        description: `Server-sent events. Each \`data:\` line holds one JSON value as below, the last one \`${last}\`.`,
        contentSchema: event,
      },
      ...(response.stream.example === undefined
        ? {}
        : { example: `data: ${JSON.stringify(response.stream.example)}\n\ndata: ${last}\n\n` }),
    };
  }
  if (response.mediaType !== undefined) content[response.mediaType] = { schema: { type: "string" } };
  return Object.keys(content).length === 0 ? {} : { content };
}

function envelopeOf({ path }: ApiOperation): z.ZodType {
  if (path.startsWith("/api/")) return problemSchema;
  return path.startsWith("/v1/messages") ? anthropicErrorSchema : openAiErrorSchema;
}

function errorResponses(operation: ApiOperation, components: Components): Record<string, OpenApiResponse> {
  const isControl = operation.path.startsWith("/api/");
  const byStatus = Map.groupBy(errorCodesOf(operation), (code) => errorCatalogue[code].status);
  const mediaType = isControl ? "application/problem+json" : "application/json";
  const schema = components.schemaFor(envelopeOf(operation), "output");
  return Object.fromEntries(
    Array.from(byStatus, ([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}.`).join("\n"),
        content: { [mediaType]: { schema } },
      },
    ]),
  );
}
