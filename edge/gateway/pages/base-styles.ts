/** What both pages share: colours for both schemes, type, code, buttons. */
export const baseStyles = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --panel: #ffffff; --sunk: #f3f1ec; --ink: #182024; --soft: #56636a; --faint: #849097;
  --line: #e3dfd6; --accent: #0f6b66; --accent-ink: #ffffff; --water: #2b93b8;
  --good: #1f8a4c; --warn: #b26a00; --bad: #c03a2b; --code: #f5f3ee;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1416; --panel: #161d20; --sunk: #12181a; --ink: #e7ecee; --soft: #a3b0b6; --faint: #77858c;
    --line: #263136; --accent: #5cc3b8; --accent-ink: #08201e; --water: #56b4d6;
    --good: #5fce8b; --warn: #e7ae52; --bad: #f08475; --code: #11181b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1.25rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 400 1rem/1.6 var(--sans); -webkit-font-smoothing: antialiased; }
h1, h2, h3, h4 { line-height: 1.2; letter-spacing: -0.015em; margin: 0; font-weight: 650; text-wrap: balance; }
p { margin: 0; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: 0.18em; text-decoration-thickness: 1px; }
a:focus-visible, button:focus-visible, textarea:focus-visible, summary:focus-visible { outline: 2px solid var(--water); outline-offset: 2px; border-radius: 4px; }
code, pre, kbd { font-family: var(--mono); font-size: 0.86em; }
pre { margin: 0; line-height: 1.6; overflow-x: auto; tab-size: 2; }
:not(pre) > code { background: var(--sunk); border-radius: 4px; padding: 0.12em 0.34em; overflow-wrap: anywhere; }
.top { display: flex; align-items: center; gap: 0.7rem; padding: 1.1rem 0; }
.brand { display: inline-flex; align-items: center; gap: 0.6rem; color: inherit; text-decoration: none; font-weight: 650; font-size: 1.12rem; letter-spacing: -0.02em; }
.mark { color: var(--accent); flex: none; }
.top nav { margin-left: auto; display: flex; gap: 1.2rem; font-size: 0.94rem; }
.top nav a { color: var(--soft); text-decoration: none; }
.top nav a:hover { color: var(--ink); text-decoration: underline; }
.snippet { position: relative; background: var(--code); border: 1px solid var(--line); border-radius: 10px; }
.snippet pre { padding: 0.95rem 1.1rem; padding-right: 4.6rem; }
.copy { position: absolute; top: 0.6rem; right: 0.6rem; }
.button { font: 600 0.8rem/1 var(--sans); color: var(--soft); background: var(--panel); border: 1px solid var(--line); border-radius: 7px; padding: 0.45rem 0.65rem; cursor: pointer; }
@media (max-width: 34rem) { .snippet pre { padding: 2.9rem 1rem 0.95rem; font-size: 0.78rem; } }
.button:hover { color: var(--ink); border-color: var(--faint); }
`;
