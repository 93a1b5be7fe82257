// Colours are told apart by people who see few of them (blue against orange, and every series has a
// shape of its own); text has a contrast of at least 4.5 to 1 on its ground in both schemes.
#include "capsules/html_style.h"

namespace fidelio {

Markup html_style() {
  return Markup(R"css(<style>
:root {
  color-scheme: light dark;
  --ground: #fff; --panel: #f5f6f8; --text: #1a1c20; --muted: #555a63; --line: #cfd3da;
  --baseline: #005fb0; --patched: #b34700; --naive: #6b6f78; --interval: #b3470026;
  --pass: #0a6b3b; --fail: #b0122b; --open: #855700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15171b; --panel: #1e2126; --text: #e7e9ed; --muted: #a8aeb8; --line: #3a3f48;
    --baseline: #6cb4ff; --patched: #ffa45c; --naive: #9aa1ad; --interval: #ffa45c33;
    --pass: #5fd694; --fail: #ff8090; --open: #e5b84d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header h1 { font-size: 1.1rem; font-weight: 600; color: var(--muted); margin: 1rem 0; }
footer { color: var(--muted); font-size: .85rem; padding-bottom: 2rem; }
h2 { font-size: 1.5rem; line-height: 1.25; margin: 1.5rem 0 .75rem; overflow-wrap: anywhere; }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, li, figcaption { overflow-wrap: anywhere; }
a { color: var(--baseline); }
article + article { border-top: 2px solid var(--line); margin-top: 3rem; }
.verdict { background: var(--panel); border-left: .5rem solid var(--mark); border-radius: .25rem;
  padding: .75rem 1.25rem 1rem; }
.verdict p { margin: .25rem 0; }
.pass { --mark: var(--pass); } .fail { --mark: var(--fail); } .open { --mark: var(--open); }
.verdict .word { font-size: 2.25rem; line-height: 1.2; font-weight: 700; color: var(--mark);
  margin: 0; overflow-wrap: anywhere; }
.verdict .sentence { font-size: 1.1rem; margin-bottom: .75rem; }
.verdict .code { margin-top: .75rem; font-weight: 600; }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid var(--line); max-width: 34rem; overflow-wrap: break-word; }
td { white-space: nowrap; }
td.long { white-space: normal; min-width: 14rem; }
thead th { color: var(--muted); font-weight: 600; }
tbody th { font-weight: 600; white-space: nowrap; }
ul { padding-left: 1.2rem; margin: .5rem 0; }
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--muted); }
:focus-visible { outline: 2px solid var(--baseline); outline-offset: 2px; }
.figures { display: grid; gap: 1.5rem; margin-bottom: 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; max-width: 40rem; }
figcaption { font-size: .9rem; margin-bottom: .25rem; }
.legend { list-style: none; padding: 0; margin: .25rem 0 0; display: flex; flex-wrap: wrap;
  gap: .1rem 1rem; font-size: .85rem; color: var(--muted); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) { svg text { font-size: 14px; } }
svg .mid { text-anchor: middle; } svg .end { text-anchor: end; }
.swatch { display: inline-block; width: .9rem; height: .9rem; vertical-align: -.1rem; }
.grid { stroke: var(--line); stroke-width: .75; } .axis { stroke: var(--muted); stroke-width: 1; }
line.one { stroke: var(--text); stroke-width: 1; }
line.margin { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 6 4; }
line.estimate { stroke: var(--patched); stroke-width: 2; }
line.launch { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 2 3; }
line.baseline { stroke: var(--baseline); stroke-width: 1.5; }
line.patched { stroke: var(--patched); stroke-width: 1.5; }
.interval { fill: var(--interval); }
circle, polygon { stroke-width: 1.5; }
circle.baseline, polygon.baseline { fill: none; stroke: var(--baseline); }
circle.patched, polygon.patched { fill: var(--patched); stroke: none; }
.naive { fill: none; stroke: var(--naive); }
.confirm { fill: none; stroke: var(--baseline); stroke-width: 2; }
.median { fill: var(--ground); stroke: var(--text); stroke-width: 2; }
.event { fill: var(--patched); fill-opacity: .75; stroke: none; }
polygon.limit { fill: var(--text); }
@media print {
  :root { --ground: #fff; --panel: #fff; --text: #000; --muted: #444; --line: #bbb;
    --baseline: #005fb0; --patched: #b34700; --naive: #6b6f78; --interval: #b3470026;
    --pass: #0a6b3b; --fail: #b0122b; --open: #855700; }
  .scroll { overflow: visible; }
  figure, tr, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  article + article { break-before: page; }
}
</style>)css");
}

}  // namespace fidelio
