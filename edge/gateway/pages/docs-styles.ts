export const docsStyles = `
.docs { max-width: 80rem; margin: 0 auto; padding: 0 1.5rem 6rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.contents summary { font-weight: 600; cursor: pointer; padding: 0.6rem 0.9rem; background: var(--panel); border: 1px solid var(--line); border-radius: 9px; }
.contents p { margin: 1.1rem 0 0.3rem; font-size: 0.9rem; font-weight: 600; }
.contents ul { list-style: none; margin: 0; padding: 0; }
.contents a { color: inherit; text-decoration: none; }
.contents li a { display: block; padding: 0.2rem 0; color: var(--soft); font-size: 0.88rem; line-height: 1.4; }
.contents a:hover { color: var(--accent); }
@media (min-width: 60rem) {
  .columns { grid-template-columns: 14.5rem minmax(0, 1fr); gap: 4rem; }
  .contents { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 0.4rem 1rem 2rem 0; scrollbar-width: thin; }
  .contents summary { display: none; }
  .contents p:first-of-type { margin-top: 0.4rem; }
}
main { max-width: 47rem; min-width: 0; }
h1 { font-size: clamp(1.9rem, 5vw, 2.5rem); letter-spacing: -0.03em; margin-bottom: 0.8rem; }
main > section + section { margin-top: 4.5rem; }
h2 { font-size: 1.6rem; letter-spacing: -0.025em; padding-top: 1.2rem; border-top: 2px solid var(--accent); }
h3 { font-size: 1.18rem; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
h4 { font-size: 0.9rem; font-weight: 650; letter-spacing: 0; margin: 1.7rem 0 0.5rem; }
.lead { color: var(--soft); margin-top: 0.35rem; }
.start p + p, .prose p + p { margin-top: 0.7rem; }
.prose { margin-top: 0.8rem; color: var(--soft); }
.prose code { color: var(--ink); }
.operation { margin-top: 2.8rem; padding-top: 2.2rem; border-top: 1px solid var(--line); }
.lead + .operation { border-top: 0; padding-top: 0; }
.place { margin-top: 0.5rem; overflow-wrap: anywhere; }
.place code { background: none; padding: 0; font-size: 0.9rem; }
.method { font: 700 0.72rem/1 var(--mono); padding: 0.26rem 0.45rem; border-radius: 5px; border: 1px solid currentColor; margin-right: 0.35rem; }
.get { color: var(--water); } .post { color: var(--good); } .put { color: var(--warn); } .delete { color: var(--bad); }
.tree { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
.tree > li { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
.field { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.1rem 0.7rem; }
.field > code { background: none; padding: 0; font-weight: 600; font-size: 0.88rem; }
.type { color: var(--soft); font-size: 0.88rem; overflow-wrap: anywhere; }
.bounds { color: var(--faint); font-size: 0.84rem; overflow-wrap: anywhere; }
.required { color: var(--warn); font-size: 0.8rem; font-weight: 600; }
.field p { flex-basis: 100%; color: var(--soft); font-size: 0.9rem; }
details > summary { cursor: pointer; }
.tree details { margin: 0.25rem 0 0.1rem; }
.tree details > summary { font-size: 0.84rem; color: var(--accent); width: fit-content; }
.tree details > :not(summary) { margin: 0.5rem 0 0.4rem; padding-left: 1rem; border-left: 2px solid var(--line); }
.tree details .tree > li:last-child { border-bottom: 0; }
.arm { font: 600 0.84rem/1.5 var(--mono); margin: 0.5rem 0 0.35rem; }
.variants > div + div { margin-top: 1.1rem; }
.answer { border: 1px solid var(--line); border-radius: 9px; background: var(--panel); margin-top: 0.5rem; }
.answer > summary { padding: 0.6rem 0.9rem; font-size: 0.92rem; }
.answer > summary b { font-weight: 650; margin-right: 0.35rem; }
.answer > summary span { color: var(--soft); }
.answer > :not(summary) { margin: 0 0.9rem 0.8rem; }
.answer .tree { margin-bottom: 0.8rem; }
.example { background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 0.9rem; }
.errors ul { list-style: none; padding: 0; }
.errors li { padding: 0.16rem 0; font-size: 0.9rem; color: var(--soft); }
.errors li a { text-decoration: none; }
.catalogue { margin: 1.2rem 0 0; }
.catalogue > div { padding: 0.7rem 0; border-top: 1px solid var(--line); }
.catalogue > div:target { background: var(--sunk); box-shadow: 0 0 0 0.6rem var(--sunk); border-radius: 4px; }
.catalogue dt { display: flex; flex-wrap: wrap; gap: 0.2rem 0.7rem; align-items: baseline; }
.catalogue dt code { background: none; padding: 0; font-weight: 600; color: var(--ink); font-size: 0.9rem; }
.catalogue dt span { color: var(--faint); font-size: 0.84rem; }
.catalogue dt .retry { color: var(--good); }
.catalogue dd { margin: 0.1rem 0 0; color: var(--soft); }
@media (max-width: 34rem) {
  .docs { padding: 0 1.05rem 4rem; }
  .top nav { gap: 0.9rem; }
}
`;
