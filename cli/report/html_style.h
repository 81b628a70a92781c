// The style sheet of HTML reports. Internal to cli/report.
#ifndef LATIMER_CLI_REPORT_HTML_STYLE_H_
#define LATIMER_CLI_REPORT_HTML_STYLE_H_

namespace latimer::cli {

// No character that HTML and XML would read differently.
inline constexpr char kHtmlStyle[] = R"css(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee6; --paper: #ffffff; --card: #f6f8fa;
  --fit: #0b66c3; --chosen: #7b3fb5; --mark: #c2410c; --good: #15803d; --warn: #b45309; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #333c49; --paper: #12161c; --card: #1a2029;
    --fit: #5aa9f5; --chosen: #c08bf0; --mark: #fb923c; --good: #4ade80; --warn: #fbbf24; }
}
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
h1 small { color: var(--soft); font-weight: normal; font-size: 1rem; }
p { margin: .3rem 0 .8rem; } p.note { color: var(--soft); max-width: 48rem; }
.badge { background: var(--warn); color: var(--paper); border-radius: .3rem; padding: .1rem .5rem; font-size: .8rem;
  font-weight: 600; vertical-align: middle; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .8rem .22rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; } td.best { color: var(--good); font-weight: 600; }
td.out { color: var(--warn); font-weight: 600; } td.dim { color: var(--soft); }
table.facts th { width: 9rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(26rem, 1fr)); gap: 1rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem; }
figure.scatter { max-width: 40rem; }
figcaption { font-weight: 600; font-size: .9rem; } figcaption small { display: block; font-weight: normal; color: var(--soft); }
svg { width: 100%; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
svg .title { fill: var(--ink); } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .grid { stroke: var(--line); stroke-width: .7; } svg .axis { stroke: var(--soft); }
svg path { fill: none; stroke-width: 1.6; } svg path.fit { stroke: var(--fit); }
svg path.chosen { stroke: var(--chosen); stroke-dasharray: 4 3; } svg path.equal { stroke: var(--soft); stroke-width: 1; }
svg g.mark circle { fill: var(--mark); } svg g.mark line { stroke: var(--mark); stroke-opacity: .45; stroke-width: 2; }
svg g.in circle { fill: var(--fit); } svg g.in line { stroke: var(--fit); stroke-opacity: .4; stroke-width: 2; }
svg g.out circle { fill: var(--mark); } svg g.out line { stroke: var(--mark); stroke-opacity: .5; stroke-width: 2; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin: 0 .3em 0 .8em; }
.key.fit { background: var(--fit); } .key.chosen { background: var(--chosen); } .key.mark { background: var(--mark); }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
)css";

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_HTML_STYLE_H_
