"""The look of the documentation page: one style sheet, light and dark, no script and nothing to load."""

STYLE = """
:root{--ink:#1c2330;--soft:#5b6577;--line:#e2e6ee;--paper:#fff;--ground:#f6f7fb;--accent:#4b5bd6;
--get:#0f7b5f;--post:#4b5bd6;--put:#b36b00;--patch:#8a4bc9;--delete:#c23b4a;--code:#eef0f7}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9f2;--soft:#9aa4b8;--line:#2b3242;--paper:#171c28;--ground:#10141d;
--accent:#8f9cff;--get:#43c59e;--post:#8f9cff;--put:#e5a443;--patch:#c08bf2;--delete:#f07a86;--code:#212838}}
*{box-sizing:border-box}html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{background:var(--code);border-radius:4px;padding:.1em .35em}
pre{background:var(--code);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;margin:.5rem 0}
.page{display:grid;grid-template-columns:17rem minmax(0,1fr);max-width:80rem;margin:0 auto}
nav{position:sticky;top:0;align-self:start;height:100vh;overflow-y:auto;padding:1.6rem 1rem;font-size:.86rem}
nav b{display:block;margin:1.1rem 0 .3rem;text-transform:capitalize;color:var(--soft);font-weight:600}
nav a{display:flex;gap:.5rem;padding:.16rem 0;color:var(--ink)}
nav a span:last-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
main{padding:2.2rem 2rem 6rem;min-width:0}h1{font-size:2.1rem;margin:0;letter-spacing:-.02em}
.lead{color:var(--soft);font-size:1.1rem;margin:.3rem 0 1.4rem}
h2{margin:2.8rem 0 .2rem;font-size:1.35rem;text-transform:capitalize}h2+p{margin-top:0;color:var(--soft)}
h4{margin:1.2rem 0 .3rem;font-size:.78rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft)}
details{background:var(--paper);border:1px solid var(--line);border-radius:10px;margin:.6rem 0}
summary{cursor:pointer;display:flex;gap:.8rem;align-items:baseline;padding:.7rem 1rem;list-style:none;flex-wrap:wrap}
summary::-webkit-details-marker{display:none}summary:focus-visible{outline:2px solid var(--accent);border-radius:10px}
summary .path{font:600 14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;word-break:break-all}
summary .what{color:var(--soft)}details[open]>summary{border-bottom:1px solid var(--line)}
.inner{padding:.4rem 1rem 1rem}.open{margin-left:auto;font-size:.75rem;color:var(--soft)}
.verb{font:700 11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;min-width:3.6rem;display:inline-block}
.GET{color:var(--get)}.POST{color:var(--post)}.PUT{color:var(--put)}.PATCH{color:var(--patch)}.DELETE{color:var(--delete)}
table{border-collapse:collapse;width:100%;font-size:.9rem}.scroll{overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft)}td:first-child{white-space:nowrap}.must{color:var(--delete);font-size:.75rem}
.type{color:var(--soft)}
@media(max-width:860px){.page{display:block}nav{display:none}main{padding:1.4rem 1rem 4rem}}
"""
