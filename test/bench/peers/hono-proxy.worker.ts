import { Hono } from "hono";

/** The least that a gateway can be: the bare proxy that overhead is measured against. */
const app = new Hono<{ Bindings: { UPSTREAM: string } }>();
app.post("/v1/chat/completions", async (c) => {
  const upstream = await fetch(`${c.env.UPSTREAM}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: c.req.raw.body,
  });
  return new Response(upstream.body, {
    status: upstream.status,
    headers: { "content-type": upstream.headers.get("content-type") ?? "application/json" },
  });
});
export default app;
