/** The style of every page, within the page itself: it loads nothing. */
export const style = `
:root { color-scheme: light dark; --ground: #eef1f5; --card: #ffffff; --text: #1b2430; --quiet: #5a6675;
  --line: #8a94a3; --accent: #1757c2; --on-accent: #ffffff; --bad: #a4161a; --bad-ground: #fdecec; --note: #fff6db; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11161d; --card: #1b222c; --text: #e7ebf0; --quiet: #a3afbd; --line: #6b7787;
    --accent: #7db0ff; --on-accent: #0b1a30; --bad: #ffb3b3; --bad-ground: #3a1d20; --note: #38301a; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 27rem; background: var(--card); border-radius: 0.75rem; padding: 2rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 0.15), 0 8px 28px rgb(0 0 0 / 0.10); overflow-wrap: anywhere; }
.brand { margin: 0 0 1.25rem; font-weight: 650; letter-spacing: 0.02em; color: var(--accent); }
h1 { margin: 0 0 0.25rem; font-size: 1.45rem; line-height: 1.25; }
p { margin: 0.5rem 0; }
.quiet { color: var(--quiet); }
form { margin: 1.25rem 0 0; }
label { display: block; margin: 0.9rem 0 0.25rem; font-weight: 550; }
input { width: 100%; padding: 0.6rem 0.7rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: 0.4rem; }
input[aria-invalid] { border-color: var(--bad); }
.code { font: 600 1.5rem/1.2 ui-monospace, monospace; letter-spacing: 0.15em; text-transform: uppercase; }
button, .button { display: block; width: 100%; margin-top: 1rem; padding: 0.65rem 1rem; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; cursor: pointer; border-radius: 0.4rem; border: 1px solid var(--accent);
  background: var(--accent); color: var(--on-accent); }
.second { background: transparent; color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
.error { margin: 1rem 0 0; padding: 0.7rem 0.9rem; border-radius: 0.4rem; background: var(--bad-ground); color: var(--bad); }
.note { margin: 1rem 0 0; padding: 0.7rem 0.9rem; border-radius: 0.4rem; background: var(--note); }
.or { margin: 1.25rem 0 0; text-align: center; color: var(--quiet); }
dl { margin: 1rem 0 0; display: grid; grid-template-columns: auto 1fr; gap: 0.3rem 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
ul { margin: 0.75rem 0 0; padding-left: 1.2rem; }
@media (max-width: 30rem) { body { padding: 0; place-items: stretch; } main { max-width: none; border-radius: 0;
  box-shadow: none; padding: 1.5rem; } }
`;
