/**
 * One stylesheet for every page: no web font, no script, no build. Light and dark from the same tokens; rules use only
 * tokens.
 */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1b1f24, #e6e9ec);
  --muted: light-dark(#56616b, #9ea9b3);
  --paper: light-dark(#f4f6f7, #121518);
  --card: light-dark(#ffffff, #1b1f23);
  --line: light-dark(#d9dee2, #30363c);
  --accent: light-dark(#2b6636, #83c78f);
  --accent-ink: light-dark(#ffffff, #0f200f);
  --soft: light-dark(#eef3ef, #1f2922);
  --warn: light-dark(#fff4da, #342b12);
  --warn-ink: light-dark(#614300, #f2d185);
  --warn-line: light-dark(#ecd28f, #5b4a1c);
  --bad: light-dark(#a8231b, #f4978f);
  --radius: .75rem;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Inter, "DejaVu Sans", sans-serif;
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink); overflow-wrap: anywhere }
a { color: var(--accent); text-underline-offset: .15em }
h1 { font-size: 1.375rem; line-height: 1.3; font-weight: 650; letter-spacing: -.012em; margin: 0; text-wrap: balance }
h2 { font-size: .875rem; font-weight: 600; color: var(--muted); margin: 0 }
h2 + pre { margin-top: .4rem }
p, ul, ol, dl, fieldset { margin: 0 }
code, .mono { font: .875em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
pre { margin: 0; padding: .7rem .85rem; border-radius: .5rem; background: var(--soft); white-space: pre-wrap }
.small { font-size: .875rem; color: var(--muted) }
.dialog { max-width: 29rem; margin: 0 auto; padding: clamp(1rem, 5vh, 4rem) 1rem 2rem; display: grid; gap: 1rem }
.wide { max-width: 46rem }
.brand { display: flex; align-items: center; gap: .55rem; padding: 0 .25rem; font-size: .875rem; color: var(--muted) }
.brand b { color: var(--ink); font-weight: 650 }
.shield { width: 1.15rem; height: 1.3rem; color: var(--accent); flex: none }
.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.5rem;
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem;
  box-shadow: 0 1px 2px light-dark(rgb(20 30 40 / .05), rgb(0 0 0 / .3)) }
.name { background: var(--soft); border-radius: .3rem; padding: 0 .3rem; margin: 0 -.05rem; box-decoration-break: clone;
  -webkit-box-decoration-break: clone }
.address { color: var(--muted) }
.address b { color: var(--ink); font-weight: 600 }
.whole { white-space: nowrap }
.facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .35rem 1rem }
.facts dt { color: var(--muted) }
.facts dd { margin: 0 }
.can { list-style: none; padding: 0; display: grid; gap: .45rem; margin-top: .55rem }
.can li { position: relative; padding-left: 1.7rem }
.can li::before { content: "✓"; position: absolute; left: .1rem; color: var(--accent); font-weight: 700 }
.can li.no { color: var(--muted) }
.can li.no::before { content: "–"; color: var(--muted) }
.tag { font-size: .75rem; font-weight: 650; padding: .08rem .45rem; margin-right: .4rem; border-radius: 1rem;
  background: var(--accent); color: var(--accent-ink); vertical-align: .08em }
.note { border-radius: .5rem; padding: .75rem .9rem; background: var(--soft); font-size: .9375rem }
.note.warn { background: var(--warn); color: var(--warn-ink); border: 1px solid var(--warn-line) }
.note.warn a { color: inherit }
.error { color: var(--bad); font-size: .9375rem; font-weight: 550; margin: .35rem 0 }
details { border: 1px solid var(--line); border-radius: .5rem }
summary { padding: .65rem .9rem; cursor: pointer; font-weight: 550 }
summary .small { font-weight: 400; margin-left: .35rem }
details[open] summary { border-bottom: 1px solid var(--line) }
.fields { padding: .9rem; display: grid; gap: 1rem }
fieldset { border: 0; padding: 0; min-width: 0; display: grid; gap: .35rem }
legend, .label { padding: 0; margin-bottom: .35rem; font-weight: 550; display: block }
label.choice { display: flex; gap: .55rem; align-items: baseline }
input[type=radio], input[type=checkbox] { accent-color: var(--accent); margin: 0; flex: none; translate: 0 .1em }
textarea { width: 100%; font: .875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  padding: .55rem .7rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper);
  color: var(--ink); resize: vertical }
textarea[aria-invalid] { border-color: var(--bad) }
.choices { display: flex; gap: .75rem; flex-wrap: wrap-reverse }
button, .button { font: inherit; font-weight: 600; line-height: 1.4; padding: .65rem 1.2rem; border-radius: .55rem;
  border: 1px solid var(--line); background: var(--card); color: var(--ink); cursor: pointer; flex: 1 1 8rem; white-space: nowrap;
  text-align: center; text-decoration: none }
button:hover, .button:hover { border-color: var(--muted) }
.go { background: var(--accent); color: var(--accent-ink); border-color: transparent }
.go:hover { filter: brightness(1.08) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.steps { padding-left: 1.3rem; display: grid; gap: .35rem }
.ways { display: grid; gap: 1.5rem }
.ways section { display: grid; gap: .5rem }
.ways h2 + pre { margin-top: 0 }
.ways h2 { font-size: 1rem; color: var(--ink) }
@media (max-width: 26rem) { .card { padding: 1.15rem } .facts { grid-template-columns: minmax(0, 1fr); gap: 0 }
  .facts dd { margin-bottom: .5rem } .facts dd:last-child { margin-bottom: 0 } }
@media (forced-colors: active) { .tag, .go { border: 1px solid } }
`
