// The one style sheet of the hosted pages, and the hash by which the content security policy admits it.
import { createHash } from 'node:crypto';

// Contrast of text is 7:1 or better in both schemes, of control borders and focus 3:1 (WCAG 2.2).
export const style = `
:root{color-scheme:light dark;--page:#f3f5f8;--card:#fff;--text:#16202e;--soft:#465467;--line:#7a8798;
--accent:#0b4f8a;--on-accent:#fff;--accent-dark:#083a66;--bad:#a3161b;--bad-back:#fdf0f0}
@media (prefers-color-scheme:dark){:root{--page:#0e141c;--card:#182230;--text:#eef2f7;--soft:#b6c2d1;
--line:#8090a4;--accent:#8cc4ff;--on-accent:#06223d;--accent-dark:#b5d9ff;--bad:#ffb3b0;--bad-back:#3a1a1c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;padding:1rem;display:flex;flex-direction:column;align-items:center;
justify-content:center;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:25rem;padding:2rem 1.5rem;background:var(--card);border-radius:.875rem;
box-shadow:0 1px 3px rgb(10 25 45/.14),0 8px 28px rgb(10 25 45/.08)}
.brand{display:flex;align-items:center;gap:.5rem;margin:0 0 1.5rem;color:var(--soft);font-weight:600;
font-size:.9375rem}
.brand svg{width:1.5rem;height:1.25rem;flex:none;color:var(--accent)}
h1{margin:0;font-size:1.625rem;line-height:1.25;letter-spacing:-.01em}
.lead{margin:.375rem 0 0;color:var(--soft)}
.lead strong{color:var(--text);overflow-wrap:anywhere}
.problem{margin:1.25rem 0 0;padding:.75rem 1rem;border-left:.25rem solid var(--bad);border-radius:.25rem;
background:var(--bad-back)}
.problem h2{margin:0;font-size:1rem;color:var(--bad)}
.problem p{margin:.125rem 0 0}
form{margin:1.5rem 0 0}
label{display:block;margin:0 0 .375rem;font-weight:600}
.hint{margin:-.25rem 0 .375rem;color:var(--soft);font-size:.9375rem}
input{width:100%;min-height:3rem;margin:0 0 1.125rem;padding:.625rem .75rem;font:inherit;color:inherit;
background:var(--card);border:1px solid var(--line);border-radius:.5rem}
input[aria-invalid=true]{border:2px solid var(--bad)}
button,.button{display:block;width:100%;min-height:3rem;margin:.5rem 0 0;padding:.75rem 1rem;font:inherit;
font-weight:600;text-align:center;text-decoration:none;color:var(--on-accent);background:var(--accent);
border:0;border-radius:.5rem;cursor:pointer}
button:hover,.button:hover{background:var(--accent-dark)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.other{margin:1.5rem 0 0;color:var(--soft);text-align:center}
a{color:var(--accent)}
a.button{color:var(--on-accent);margin-top:1.5rem}
@media (forced-colors:active){main,button,.button{border:1px solid}}
`;

/** The source expression of the style sheet (CSP level 2). */
export const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
