/** C0 and C1 controls but tab and newline: what could move a terminal's cursor or rewrite what it shows. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g; // oxlint-disable-line no-control-regex -- they are what is looked for

/** Text that somebody else wrote, made harmless to a terminal: control characters become visible. */
export function safeText(text: string): string {
  return text.replace(CONTROLS, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text.replaceAll("\n", "⏎"));
}
