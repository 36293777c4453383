import { type Html, html } from './html.ts';
import type { Page } from './page.ts';

/** What every page with a form has: the proof of where it comes from, and where it leads. */
interface FormPage {
  /** The hidden field of `formToken`. */
  readonly token: Html;
  readonly leadsTo: readonly string[];
}

function problem(text: string | undefined): Html | undefined {
  return text === undefined ? undefined : html`<p class="error" id="problem" role="alert">${text}</p>`;
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

export function signInPage(
  page: FormPage & {
    readonly to: string;
    readonly onward: string;
    readonly name: string;
    readonly error?: string | undefined;
    readonly status?: number;
    readonly providers: readonly { readonly href: string; readonly label: string }[];
  },
): Page {
  const { error, name, providers } = page;
  const invalid = error === undefined ? html`` : html` aria-invalid="true" aria-describedby="problem"`;
  const [focusName, focusPassword] = name === '' ? [html` autofocus`, html``] : [html``, html` autofocus`];
  return {
    title: 'Sign in',
    leadsTo: page.leadsTo,
    ...(page.status === undefined ? {} : { status: page.status }),
    body: html`<h1>Sign in</h1>
<p class="quiet">to go on to ${page.to}</p>
${problem(error)}
<form method="post" action="/sign-in/password">
${page.token}${hidden('continue', page.onward)}
<label for="name">User name</label>
<input id="name" name="name" type="text" value="${name}" autocomplete="username" autocapitalize="none"
 spellcheck="false" inputmode="email" placeholder="name@domain" maxlength="320" required${invalid}${focusName}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required${invalid}${focusPassword}>
<button type="submit">Sign in</button>
</form>
${providers.length === 0 ? undefined : html`<p class="or">or</p>`}
${providers.map(({ href, label }) => html`<a class="button second" href="${href}">Sign in with ${label}</a>`)}`,
  };
}

export function newPasswordPage(
  page: FormPage & { readonly onward: string; readonly name: string; readonly error?: string | undefined },
): Page {
  return {
    title: 'Choose a new password',
    leadsTo: page.leadsTo,
    ...(page.error === undefined ? {} : { status: 400 }),
    body: html`<h1>Choose a new password</h1>
<p class="quiet">An administrator wants ${page.name} to choose another one at the next sign-in.</p>
${problem(page.error)}
<form method="post" action="/sign-in/new-password">
${page.token}${hidden('continue', page.onward)}
<input type="hidden" name="name" value="${page.name}" autocomplete="username">
<label for="password">Password until now</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required autofocus>
<label for="new">New password</label>
<input id="new" name="new_password" type="password" autocomplete="new-password" minlength="8" maxlength="256" required
 aria-describedby="rule">
<p class="quiet" id="rule">Eight characters or more. A few words that nobody would guess are better than signs.</p>
<label for="again">New password again</label>
<input id="again" name="again" type="password" autocomplete="new-password" minlength="8" maxlength="256" required>
<button type="submit">Change and sign in</button>
</form>`,
  };
}

export function accountPage(page: {
  readonly to: string;
  readonly name: string;
  readonly displayName: string;
  readonly onward: string;
  readonly other: string;
}): Page {
  return {
    title: 'Choose an account',
    body: html`<h1>Choose an account</h1>
<p class="quiet">to go on to ${page.to}</p>
<a class="button" href="${page.onward}">${page.displayName} (${page.name})</a>
<a class="button second" href="${page.other}">Use another account</a>`,
  };
}

export function consentPage(
  page: FormPage & {
    readonly application: string;
    readonly name: string;
    readonly onward: string;
    readonly permissions: readonly { readonly title: string; readonly description: string }[];
  },
): Page {
  return {
    title: 'Permissions',
    leadsTo: page.leadsTo,
    body: html`<h1>${page.application} asks for permissions</h1>
<p class="quiet">as ${page.name}</p>
<p>With your consent it may, in your name:</p>
<ul>${page.permissions.map(({ title, description }) => html`<li><strong>${title}</strong><br><span class="quiet">${description}</span></li>`)}</ul>
<form method="post" action="/sign-in/consent">
${page.token}${hidden('continue', page.onward)}
<button type="submit" name="answer" value="accept">Accept</button>
<button type="submit" name="answer" value="decline" class="second">Cancel</button>
</form>`,
  };
}

export function deviceCodePage(page: { readonly token: Html; readonly error?: string | undefined }): Page {
  const invalid = page.error === undefined ? html`` : html` aria-invalid="true" aria-describedby="problem"`;
  return {
    title: 'Enter a code',
    ...(page.error === undefined ? {} : { status: 400 }),
    body: html`<h1>Enter the code</h1>
<p class="quiet">that your own device or command line shows.</p>
${problem(page.error)}
<form method="post" action="/device">
${page.token}
<label for="code">Code</label>
<input id="code" name="user_code" class="code" type="text" autocomplete="one-time-code" autocapitalize="characters"
 spellcheck="false" maxlength="16" required autofocus${invalid}>
<button type="submit">Continue</button>
</form>
<p class="note">Never enter a code that somebody sent you or read to you. With it they would be signed in as you.</p>`,
  };
}

export function deviceConfirmPage(page: {
  readonly token: Html;
  readonly application: string;
  readonly account: string;
  readonly address: string;
  readonly resource: string;
  readonly other: string;
}): Page {
  return {
    title: 'Confirm',
    body: html`<h1>Sign in to ${page.application} on another device?</h1>
<p>Go on only if you started this yourself, just now.</p>
<dl>
<dt>Application</dt><dd>${page.application}</dd>
<dt>Asked from</dt><dd>${page.address}</dd>
<dt>To reach</dt><dd>${page.resource}</dd>
<dt>As</dt><dd>${page.account}</dd>
</dl>
<form method="post" action="/device/confirm">
${page.token}
<button type="submit" name="answer" value="approve">Yes, sign in</button>
<button type="submit" name="answer" value="decline" class="second">No, cancel</button>
</form>
<p class="note">Whoever gave you this code gets your access. If it was not your own screen, cancel.</p>
<p><a href="${page.other}">Use another account</a></p>`,
  };
}

export function messagePage(title: string, text: string): Page {
  return { title, body: html`<h1>${title}</h1><p>${text}</p>` };
}

export function errorPage(failure: {
  readonly message: string;
  readonly status: number;
  readonly correlationId: string;
  readonly traceId: string;
  readonly timestamp: string;
}): Page {
  return {
    title: 'That did not work',
    status: failure.status,
    body: html`<h1>That did not work</h1>
<p class="error" role="alert">${failure.message}</p>
<dl>
<dt>Correlation id</dt><dd>${failure.correlationId}</dd>
<dt>Trace id</dt><dd>${failure.traceId}</dd>
<dt>Time</dt><dd>${failure.timestamp}</dd>
</dl>
<p class="quiet">Whoever runs the application or this directory can find out more with these.</p>`,
  };
}
