import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** opentelemetry/proto/trace/v1/trace.proto in its JSON mapping, and nothing beside it: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
const hex = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`))
    .refine((id) => !/^0+$/.test(id), "an id of zeros is invalid");
const uint64 = z.string().regex(/^\d{1,20}$/);
const anyValue: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d{1,19}$/) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(anyValue) }) }),
  ]),
);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: anyValue }))
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, "keys must be unique");
const spanSchema = z
  .strictObject({
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16).optional(),
    traceState: z.string().optional(),
    flags: z.int().min(0).max(0xffffffff),
    name: z.string().min(1),
    kind: z.int().min(1).max(5),
    startTimeUnixNano: uint64,
    endTimeUnixNano: uint64,
    attributes,
    status: z.strictObject({ code: z.int().min(0).max(2).optional(), message: z.string().optional() }),
  })
  .refine((span) => BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), "ends before it starts");
const requestSchema = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes }),
        scopeSpans: z.array(
          z.strictObject({
            scope: z.strictObject({ name: z.string(), version: z.string().optional() }),
            spans: z.array(spanSchema).min(1),
          }),
        ),
      }),
    )
    .min(1),
});

export type ReceivedSpan = z.output<typeof spanSchema>;

/** What the receiver answers next; then it takes again. */
export interface Scripted {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly requests: {
    readonly headers: NodeJS.Dict<string | string[]>;
    readonly bytes: number;
    readonly path: string;
  }[];
  readonly faults: string[];
  readonly script: Scripted[];
  /** Requests with more than so many bytes are refused with 413. */
  maxBytes: number;
  close(): Promise<void>;
}

/** A collector of traces over HTTP in JSON that takes nothing which the protocol does not allow. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { status, headers = {}, body = {} } = answer(request.url ?? "", request.headers, Buffer.concat(chunks));
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    });
  });
  const receiver = {
    spans: [] as ReceivedSpan[],
    requests: [] as OtlpReceiver["requests"],
    faults: [] as string[],
    script: [] as Scripted[],
    maxBytes: 20 * 1024 * 1024,
  };
  const answer = (path: string, headers: NodeJS.Dict<string | string[]>, body: Buffer): Scripted => {
    receiver.requests.push({ headers, bytes: body.byteLength, path });
    const scripted = receiver.script.shift();
    if (scripted !== undefined && scripted.status !== 200) return scripted;
    if (path !== "/v1/traces") return { status: 404 };
    if (headers["content-type"] !== "application/json") return { status: 415 };
    if (body.byteLength > receiver.maxBytes) return { status: 413 };
    const parsed = requestSchema.safeParse(JSON.parse(body.toString()));
    if (!parsed.success) {
      receiver.faults.push(z.prettifyError(parsed.error));
      return { status: 400 };
    }
    for (const { scopeSpans } of parsed.data.resourceSpans)
      for (const { spans } of scopeSpans) receiver.spans.push(...spans);
    return scripted ?? { status: 200 };
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** The attributes of a span as an object. */
export function attributesOf(span: ReceivedSpan | undefined): Record<string, unknown> {
  return Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => {
      const [kind, told] = Object.entries(value as Record<string, unknown>)[0] ?? [];
      return [
        key,
        kind === "arrayValue" ? (told as { values: { stringValue: string }[] }).values.map((v) => v.stringValue) : told,
      ];
    }),
  );
}
