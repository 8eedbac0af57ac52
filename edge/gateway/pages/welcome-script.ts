/** The welcome page's health board: asks /readyz every few seconds and writes what it says. */
export const healthScript = `
const board = document.getElementById("health");
const labels = { control: "functions" };
const words = { ok: "ready", degraded: "away", down: "down", unknown: "unknown" };
function show(name, state, detail) {
  let item = board.querySelector('[data-part="' + CSS.escape(name) + '"]');
  if (!item) {
    item = board.firstElementChild.cloneNode(true);
    item.dataset.part = name;
    item.querySelector("b").textContent = labels[name] ?? name;
    item.querySelector("small").textContent = "";
    board.append(item);
  }
  item.dataset.state = state;
  item.querySelector("i").textContent = words[state];
  if (detail) item.querySelector("small").textContent = detail;
}
async function look() {
  const known = Array.from(board.children, (item) => item.dataset.part);
  try {
    const response = await fetch("/readyz", { headers: { accept: "application/json" }, cache: "no-store" });
    const { parts } = await response.json();
    const { config, ...others } = parts;
    const fresh = config === undefined || config.status === "ok";
    show("gateway", "ok", fresh ? "" : "serving the last known good configuration");
    for (const [name, part] of Object.entries(others)) show(name, part.status, part.detail ?? "");
    // What nobody watches here has no place on the board.
    for (const item of board.children) item.hidden = item.dataset.part !== "gateway" && !(item.dataset.part in others);
  } catch {
    show("gateway", "degraded", "no answer");
    for (const name of known) if (name !== "gateway") show(name, "unknown", "");
  }
  setTimeout(look, document.hidden ? 15000 : 4000);
}
look();
`;

/** The chat box: a real call of the named prompt, streamed. The page has it only when it has the key. */
export const chatScript = `
const form = document.getElementById("try");
const answer = document.getElementById("answer");
const facts = document.getElementById("facts");
const send = document.getElementById("send");
const key = document.getElementById("key").textContent.trim();
let running;
async function call(message, signal) {
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    signal,
    headers: { authorization: "Bearer " + key, "content-type": "application/json" },
    body: JSON.stringify({
      model: "prompt:support-reply",
      stream: true,
      stream_options: { include_usage: true },
      prompt: { variables: { customer_name: "Ana", order_number: "1042" } },
      messages: [{ role: "user", content: message }],
    }),
  });
  if (!response.ok) {
    const { error } = await response.json();
    throw new Error(error.message + " " + error.remedy);
  }
  return response;
}
async function* events(body) {
  let buffer = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    buffer += text.replaceAll("\\r", "");
    for (let end = buffer.indexOf("\\n\\n"); end >= 0; end = buffer.indexOf("\\n\\n")) {
      const data = buffer.slice(0, end).split("\\n").filter((l) => l.startsWith("data:")).map((l) => l.slice(5).trim()).join("");
      buffer = buffer.slice(end + 2);
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}
function say(response, firstMs, tokens) {
  const parts = [response.headers.get("x-millrace-prompt"), response.headers.get("x-millrace-tier"),
    firstMs === undefined ? "" : "first token after " + Math.round(firstMs) + " ms", tokens ? tokens + " tokens" : ""];
  facts.textContent = parts.filter(Boolean).join("  ·  ");
}
async function run(message) {
  running = new AbortController();
  send.textContent = "Stop";
  answer.textContent = "";
  answer.className = "waiting";
  facts.textContent = "";
  const started = performance.now();
  let firstMs, tokens;
  try {
    const response = await call(message, running.signal);
    for await (const event of events(response.body)) {
      if (event.error) throw new Error(event.error.message);
      const text = event.choices?.[0]?.delta?.content ?? "";
      if (text && firstMs === undefined) { firstMs = performance.now() - started; answer.className = ""; }
      answer.append(text);
      tokens = event.usage?.completion_tokens ?? tokens;
      say(response, firstMs, tokens);
    }
    answer.className = "";
  } catch (error) {
    answer.className = error.name === "AbortError" ? "" : "failed";
    if (error.name !== "AbortError") answer.textContent = error.message;
  }
  running = undefined;
  send.textContent = "Send";
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const message = form.elements.message.value.trim();
  if (message) run(message);
});
form.elements.message.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
});
for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => { form.elements.message.value = chip.textContent; if (!running) form.requestSubmit(); });
}
`;
