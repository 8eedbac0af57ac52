export const welcomeStyles = `
.page { max-width: 64rem; margin: 0 auto; padding: 0 1.5rem 4rem; }
.hero { position: relative; padding: 3.4rem 0 3.2rem; overflow: clip; }
.hero h1 { font-size: clamp(2rem, 5.2vw, 3.1rem); letter-spacing: -0.035em; max-width: 17ch; }
.hero p { margin-top: 1rem; max-width: 46ch; color: var(--soft); font-size: 1.08rem; }
.hero .mark { position: absolute; right: 0; top: 0.6rem; width: 16rem; height: 16rem; opacity: 0.2; pointer-events: none; }
.mark-wheel { transform-origin: 16px 13px; }
@media (prefers-reduced-motion: no-preference) { .hero .mark-wheel { animation: turn 48s linear infinite; } }
@keyframes turn { to { transform: rotate(360deg); } }
#health { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1px; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; padding: 0; margin: 0; list-style: none; }
#health li { box-shadow: 0 0 0 1px var(--line); padding: 0.95rem 1.1rem; display: grid; grid-template-columns: auto 1fr auto; grid-template-rows: auto 1fr; align-items: baseline; column-gap: 0.6rem; }
#health li[hidden] { display: none; }
#health li::before { content: ""; width: 0.55rem; height: 0.55rem; border-radius: 50%; background: var(--faint); align-self: center; }
#health li[data-state="ok"]::before { background: var(--good); }
#health li[data-state="degraded"]::before { background: var(--bad); }
#health b { font-weight: 600; text-transform: capitalize; }
#health i { font-style: normal; font-size: 0.84rem; color: var(--faint); }
#health li[data-state="ok"] i { color: var(--good); }
#health li[data-state="degraded"] i { color: var(--bad); }
#health small { grid-column: 2 / -1; color: var(--soft); font-size: 0.84rem; line-height: 1.4; overflow-wrap: anywhere; }
section { margin-top: 3.4rem; }
section > h2 { font-size: 1.32rem; }
section > h2 + p { color: var(--soft); margin-top: 0.35rem; max-width: 62ch; }
.access { display: grid; gap: 0.5rem; margin-top: 1.1rem; }
.access div { display: grid; grid-template-columns: 3.4rem minmax(0, 1fr) auto; align-items: center; gap: 0.8rem; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 0.55rem 0.6rem 0.55rem 1rem; }
.access span { color: var(--faint); font-size: 0.86rem; }
.access code { background: none; padding: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chat { margin-top: 1.1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.chat form { display: flex; gap: 0.6rem; padding: 0.7rem; border-bottom: 1px solid var(--line); }
.chat textarea { flex: 1; min-width: 0; max-height: 9rem; resize: none; field-sizing: content; font: inherit; color: inherit; background: transparent; border: 0; padding: 0.4rem 0.5rem; }
.chat textarea::placeholder { color: var(--faint); }
.primary { font: 600 0.9rem/1 var(--sans); background: var(--accent); color: var(--accent-ink); border: 0; border-radius: 8px; padding: 0 1.1rem; min-width: 4.6rem; min-height: 2.5rem; cursor: pointer; }
.primary:hover { filter: brightness(1.08); }
.reply { padding: 1.1rem 1.25rem; min-height: 9.5rem; display: flex; flex-direction: column; gap: 1rem; }
#answer { white-space: pre-wrap; overflow-wrap: anywhere; }
#answer:empty::before { content: attr(data-empty); color: var(--faint); }
#answer.waiting::before { content: "…"; color: var(--faint); }
#answer.failed { color: var(--bad); }
#facts { margin-top: auto; color: var(--faint); font-size: 0.8rem; font-family: var(--mono); min-height: 1.3em; }
.chips { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-top: 0.8rem; }
.chip { font: inherit; font-size: 0.86rem; color: var(--soft); background: none; border: 1px solid var(--line); border-radius: 99px; padding: 0.28rem 0.8rem; cursor: pointer; }
.chip:hover { color: var(--ink); border-color: var(--faint); }
.steps { list-style: none; counter-reset: step; padding: 0; margin: 1.4rem 0 0; display: grid; gap: 2rem; }
.steps li { counter-increment: step; display: grid; grid-template-columns: 2.2rem minmax(0, 1fr); }
.steps li::before { content: counter(step); font: 600 0.9rem/1.6 var(--mono); color: var(--water); }
.steps li > * { grid-column: 2; }
.steps h3 { font-size: 1.02rem; line-height: 1.45; }
.steps p { color: var(--soft); margin: 0.2rem 0 0.7rem; }
footer { margin-top: 4rem; padding-top: 1.3rem; border-top: 1px solid var(--line); color: var(--faint); font-size: 0.9rem; display: flex; flex-wrap: wrap; gap: 0.4rem 1.4rem; }
footer a { color: var(--soft); }
@media (max-width: 34rem) {
  .page { padding: 0 1.05rem 3rem; }
  .hero { padding: 1.8rem 0 2rem; }
  .hero .mark { width: 9rem; height: 9rem; right: -2.4rem; top: 0.4rem; }
  .steps li { grid-template-columns: minmax(0, 1fr); }
  .steps li > * { grid-column: 1; }
  .top nav { gap: 0.9rem; }
}
`;
