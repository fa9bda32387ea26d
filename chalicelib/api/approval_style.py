"""The look of the approval page: the colours of the documentation page, light and dark, and nothing to load."""

STYLE = """
:root{--ink:#1c2330;--soft:#5b6577;--line:#e2e6ee;--paper:#fff;--ground:#f6f7fb;--accent:#4b5bd6;--on:#fff;
--good:#0f7b5f;--bad:#b3303f;--wait:#8a5200;--tint:#eef0f7}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9f2;--soft:#9aa4b8;--line:#2b3242;--paper:#171c28;--ground:#10141d;
--accent:#8f9cff;--on:#10141d;--good:#43c59e;--bad:#f07a86;--wait:#e5a443;--tint:#212838}}
*{box-sizing:border-box}[hidden]{display:none!important}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
.bar{display:flex;align-items:center;gap:.6rem;padding:.8rem 1.4rem;border-bottom:1px solid var(--line);
background:var(--paper)}.mark{color:var(--accent)}#who{margin-left:auto;color:var(--soft);font-size:.9rem}
main{max-width:66rem;margin:0 auto;padding:2rem 1.4rem 5rem}
h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.02em;margin:.4rem 0;overflow-wrap:anywhere}h1:focus{outline:none}
h2{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:0 0 .8rem}
.lead{color:var(--soft);font-size:1.08rem;margin:.2rem 0 1.6rem;max-width:48rem}.soft{color:var(--soft)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:1.3rem 1.4rem;margin:0 0 1.1rem}
.narrow{max-width:27rem;margin:8vh auto 0}.narrow h1{font-size:1.5rem}
.columns{display:grid;grid-template-columns:minmax(0,1.25fr) minmax(0,1fr);gap:1.1rem;align-items:start}
label{display:block;font-weight:600;font-size:.92rem;margin:.9rem 0 .3rem}label .soft{font-weight:400}
input,textarea{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--soft);
border-radius:9px;padding:.6rem .75rem}textarea{resize:vertical}
:is(input,textarea,button):focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button{font:inherit;font-weight:600;border-radius:9px;border:1px solid transparent;padding:.65rem 1.3rem;cursor:pointer}
button:disabled{opacity:.55;cursor:default}.go{background:var(--accent);color:var(--on)}
.narrow .go{width:100%;margin-top:1.2rem}.stop{background:none;border-color:var(--bad);color:var(--bad)}
.quiet{background:none;color:var(--accent);padding:.2rem .5rem;font-weight:500;font-size:.92rem;white-space:nowrap}
.buttons{display:flex;gap:.7rem;margin-top:1rem}
.over{display:flex;gap:.8rem;align-items:center;margin:0;color:var(--soft);font-size:.92rem}
.pill{font-weight:600;font-size:.82rem;border-radius:99px;padding:.15rem .75rem;background:var(--tint);
color:var(--wait)}.pill.Approved{color:var(--good)}:is(.pill.Rejected,.pill.Expired,.pill.Void){color:var(--bad)}
.plan{list-style:none;margin:0;padding:0}.plan li{position:relative;padding:0 0 1.1rem 2.2rem}
.plan li:not(:last-child):before{content:"";position:absolute;left:.72rem;top:1.5rem;bottom:0;width:2px;
background:var(--line)}.plan li:last-child{padding-bottom:0}
.plan .dot{position:absolute;left:0;top:.05rem;width:1.5rem;height:1.5rem;border-radius:50%;background:var(--tint);
color:var(--soft);font-size:.76rem;font-weight:600;display:grid;place-items:center}
.plan .here .dot{background:var(--accent);color:var(--on)}
.plan p{margin:0;color:var(--soft);font-size:.93rem}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.45rem 1rem;margin:0;font-size:.93rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
dd code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
#count{margin:0 0 .5rem}.meter{height:.5rem;border-radius:9px;background:var(--tint);overflow:hidden}
.meter i{display:block;height:100%;width:0;background:var(--good);transition:width .3s}
.voices{list-style:none;margin:.8rem 0 0;padding:0;font-size:.93rem}.voices li{padding:.25rem 0}
.voices .approve{color:var(--good)}.voices .reject{color:var(--bad)}
.error{color:var(--bad);margin:.7rem 0 0;font-size:.93rem}.error:empty{display:none}
.note{font-weight:600}
.told{text-align:center;color:var(--soft)}
@media(max-width:760px){.columns{grid-template-columns:1fr;gap:0}.buttons button{flex:1}}
@media(max-width:480px){.bar,main{padding-left:1rem;padding-right:1rem}.bar b{display:none}
#who{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}h1{font-size:1.5rem}.over{flex-wrap:wrap;gap:.2rem .8rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}.card{padding:1.1rem}}
@media(prefers-reduced-motion:reduce){*{transition:none!important}}
"""
