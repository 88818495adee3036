"""The look of a report: one stylesheet, light and dark, laptop and phone."""

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ground:#f5f6f8;--ink:#1b2430;
--soft:#5c6775;--rule:#e1e5ea;--grid:#eceff3;--c0:#1f5fae;--c1:#d9662b;--c2:#2c8a57;
--c3:#8a54b0;--c4:#b3892a;--muted:#8a94a1;--pass:#1c7c4a;--fail:#bd2f2f;--open:#8d6a10;
--pass-bg:#e6f4ec;--fail-bg:#fbe9e8;--open-bg:#fbf3dc}
@media (prefers-color-scheme:dark){:root{--paper:#171c23;--ground:#0f1318;--ink:#e6eaf0;
--soft:#9aa5b3;--rule:#2b333d;--grid:#232a33;--c0:#6aa5ee;--c1:#f0935c;--c2:#5fc08b;
--c3:#bd8ee0;--c4:#d8b35a;--muted:#7c8796;--pass:#6fd09c;--fail:#f28b82;--open:#e5c46a;
--pass-bg:#14301f;--fail-bg:#3a1a1a;--open-bg:#332a12}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 24px 64px}
header p{margin:4px 0 0;color:var(--soft)}
h1{font-size:1.5rem;line-height:1.25;margin:0;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:44px 0 6px;letter-spacing:-.01em}
h2+p{margin:0 0 14px;color:var(--soft);max-width:46rem}
a{color:var(--c0)}
.verdict{margin:20px 0 8px;padding:22px 26px;border-radius:14px;
background:var(--fail-bg);
border-left:8px solid var(--fail)}
.verdict.accepted{background:var(--pass-bg);border-color:var(--pass)}
.verdict strong{display:block;font-size:2.3rem;line-height:1.1;letter-spacing:-.02em;
color:var(--fail)}
.verdict.accepted strong{color:var(--pass)}
.verdict p{margin:8px 0 0;max-width:52rem}
.verdict ul{margin:10px 0 0;padding-left:1.15rem;max-width:52rem}
.verdict li{margin:4px 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));
margin:16px 0 0;background:var(--paper);border:1px solid var(--rule);border-radius:12px;
padding:4px 0}
.facts div{padding:8px 16px}
.facts dt{color:var(--soft);font-size:.8rem}
.facts dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums;
overflow-wrap:anywhere}
.card,figure{background:var(--paper);border:1px solid var(--rule);border-radius:12px}
.card{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{font-weight:600;text-align:left;color:var(--soft);font-size:.8rem;white-space:nowrap}
th,td{padding:9px 12px;border-bottom:1px solid var(--rule);vertical-align:top}
tr:last-child>td{border-bottom:0}
.number{font-variant-numeric:tabular-nums;white-space:nowrap;text-align:right}
th.number{text-align:right}
.gates td:first-child{font-weight:600;white-space:nowrap}
.gates .reason{color:var(--soft);min-width:14rem}
.unit{color:var(--soft);font-size:.85em}
.badge{display:inline-block;padding:1px 10px;border-radius:99px;font-size:.82rem;
font-weight:600;white-space:nowrap}
.badge.pass,.badge.note{color:var(--pass);background:var(--pass-bg)}
.badge.fail,.badge.error{color:var(--fail);background:var(--fail-bg)}
.badge.undetermined,.badge.warning{color:var(--open);background:var(--open-bg)}
.badge.note{color:var(--soft);background:var(--grid)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));
gap:18px}
figure{margin:0;padding:14px 14px 8px;min-width:0}
figcaption{padding:0 4px 6px;font-size:.92rem;color:var(--soft)}
figcaption b{color:var(--ink);display:block}
svg.chart,svg.box{display:block;width:100%;height:auto}
svg.box{border-radius:8px;background:#f4f6f9;max-height:348px}
.box .edge{stroke:#8d99a8;stroke-width:1.1;fill:none;stroke-linecap:round}
.chart text{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
.chart .tick{font-size:11px}.chart .key{fill:var(--ink);font-size:11.5px}
.chart .note{font-size:11px;fill:var(--soft);paint-order:stroke;stroke:var(--paper);
stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--muted);stroke-width:1}
.stroke{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.stroke.dashed{stroke-dasharray:5 4}.stroke.dotted{stroke-dasharray:1 4}
.stroke.wide{stroke-width:4;opacity:.55}
.stroke.faint{stroke-width:1;opacity:.55}
.mark{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:2 3;fill:none}
.span{fill:var(--grid)}.band{stroke:none;opacity:.18}
.bar{stroke-width:1.2;fill:none}.dot,.cell{stroke:none}
.stroke.c0,.bar.c0{stroke:var(--c0)}.stroke.c1,.bar.c1{stroke:var(--c1)}
.stroke.c2,.bar.c2{stroke:var(--c2)}.stroke.c3,.bar.c3{stroke:var(--c3)}
.stroke.c4,.bar.c4{stroke:var(--c4)}.stroke.muted{stroke:var(--muted)}
.band.c0,.dot.c0,.cell.c0{fill:var(--c0)}.band.c1,.dot.c1,.cell.c1{fill:var(--c1)}
.band.c2,.dot.c2,.cell.c2{fill:var(--c2)}.band.c3,.dot.c3,.cell.c3{fill:var(--c3)}
.band.c4,.dot.c4,.cell.c4{fill:var(--c4)}.dot.muted{fill:var(--muted)}
details{margin:12px 0;background:var(--paper);border:1px solid var(--rule);
border-radius:12px;padding:10px 16px}
summary{cursor:pointer;font-weight:600}
pre{overflow-x:auto;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
margin:10px 0 4px}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
overflow-wrap:anywhere}
@media (max-width:760px){main{padding:18px 14px 48px}
.verdict{padding:18px 18px;border-left-width:6px}.verdict strong{font-size:1.9rem}
h2{margin-top:34px}th,td{padding:7px 8px}th{white-space:normal}td{font-size:.88rem}
figure{padding:10px 6px 4px}
.gates thead{display:none}.gates,.gates tbody,.gates tr,.gates td{display:block}
.gates tr{padding:12px 14px;border-bottom:1px solid var(--rule);display:flex;
flex-wrap:wrap;gap:1px 14px}.gates tr:last-child{border-bottom:0}
.gates td:nth-child(1){flex:1 1 55%}
.gates td{padding:0;border:0;text-align:left;white-space:normal}
.gates td:empty{display:none}
.gates .number::before{content:attr(data-label) " ";
color:var(--soft);font-size:.85em}
.gates .reason{flex:1 1 100%;min-width:0;width:auto;font-size:.92rem;padding-top:4px}}
@media print{body{background:#fff}figure,.card{break-inside:avoid}}
"""
