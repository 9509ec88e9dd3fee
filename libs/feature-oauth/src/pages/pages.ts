// The hosted pages: sign in, open an account, account opened, and what to do when something is wrong.
import { Html, html } from './html.js';
import { document, problemSummary } from './layout.js';
import { texts } from './texts.js';
import type { ProblemPageName } from './texts.js';

type Field = 'username' | 'password';

/** What a form shows. Passwords are never shown again. */
export interface FormView {
  /** The sealed form token. */
  readonly form: string;
  /** What the person typed as their name. */
  readonly username?: string;
  readonly problem?: string;
  /** The field that the problem is about, where it is one. */
  readonly faulty?: Field;
}

export interface SignInView extends FormView {
  readonly clientName: string;
  /** Where people may open accounts themselves. */
  readonly signUpHref?: string;
}

export function signInPage(view: SignInView): string {
  const words = texts.signIn;
  const body = html`<p class="lead">${words.lead} <strong>${view.clientName}</strong></p>
${summaryOf(view)}
<form method="post" action="sign-in">
<input type="hidden" name="form" value="${view.form}">
${usernameField(words.username, view)}
<label for="password">${words.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"
${stateOf('password', view)}>
<button type="submit">${words.button}</button>
</form>
${view.signUpHref === undefined ? undefined : otherWay(words.noAccount, view.signUpHref, words.openAccount)}`;
  const failed = view.problem !== undefined;
  return document({ heading: words.heading, about: view.clientName, failed, body });
}

/** The page to open an account; `signInHref` leads back to the request it was reached from. */
export function signUpPage(view: FormView & { readonly signInHref?: string }): string {
  const words = texts.signUp;
  const body = html`${summaryOf(view)}
<form method="post" action="sign-up">
<input type="hidden" name="form" value="${view.form}">
${usernameField(words.username, view)}
<label for="password">${words.password}</label>
<p class="hint" id="password-hint">${words.passwordHint}</p>
<input id="password" name="password" type="password" autocomplete="new-password" required maxlength="1024"
${stateOf('password', view, 'password-hint')}>
<button type="submit">${words.button}</button>
</form>
${view.signInHref === undefined ? undefined : otherWay(words.haveAccount, view.signInHref, words.signIn)}`;
  return document({ heading: words.heading, failed: view.problem !== undefined, body });
}

/** After an account was opened; `signInHref` where a sign-in was in progress. */
export function openedPage(signInHref?: string): string {
  const words = texts.opened;
  const body =
    signInHref === undefined
      ? html`<p class="lead">${words.elsewhere}</p>`
      : html`<p class="lead">${words.next}</p>
<a class="button" href="${signInHref}">${words.signIn}</a>`;
  return document({ heading: words.heading, body });
}

/** Something is wrong that no form can mend. */
export function problemPage(name: ProblemPageName): string {
  const { heading, text } = texts.problems[name];
  return document({ heading, failed: true, body: html`<p class="lead">${text}</p>` });
}

// Not type=email: some browsers rewrite what was typed there, and password managers do not need it.
function usernameField(label: string, view: FormView): Html {
  return html`<label for="username">${label}</label>
<input id="username" name="username" type="text" inputmode="email" autocomplete="username"
 autocapitalize="none" autocorrect="off" spellcheck="false" required maxlength="320"
 value="${view.username ?? ''}"${stateOf('username', view)}>`;
}

/** What describes the field, whether it is wrong, and whether the person goes on there. */
function stateOf(field: Field, { problem, faulty, username }: FormView, hint?: string): Html {
  const concerned = problem !== undefined && (faulty ?? field) === field;
  const described = [...(concerned ? ['problem'] : []), ...(hint === undefined ? [] : [hint])].join(' ');
  const first = faulty ?? (username === undefined ? 'username' : 'password');
  return html`${described === '' ? undefined : html` aria-describedby="${described}"`}${
    faulty === field ? html` aria-invalid="true"` : undefined
  }${first === field ? html` autofocus` : undefined}`;
}

function summaryOf(view: FormView): Html | undefined {
  return view.problem === undefined ? undefined : problemSummary(view.problem);
}

function otherWay(question: string, href: string, link: string): Html {
  return html`<p class="other">${question} <a href="${href}">${link}</a></p>`;
}
