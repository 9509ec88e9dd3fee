// The frame of every hosted page: no scripts, no requests to anywhere, one heading.
import { Html, html } from './html.js';
import { style } from './style.js';
import { texts } from './texts.js';

export interface Page {
  readonly heading: string;
  /** Added to the title, e.g. the app's name. */
  readonly about?: string;
  /** The page says that something went wrong; its title says so too, since screen readers read that first. */
  readonly failed?: boolean;
  /** What stands below the heading. */
  readonly body: Html;
}

const mark = html`<svg viewBox="0 4 24 20" aria-hidden="true" focusable="false"
  ><path fill="currentColor" d="M2 22V7h3v2h3V7h3v2h2V7h3v2h3V7h3v15h-6v-5a4 4 0 0 0-8 0v5z"
  /></svg>`;

/** A whole document. */
export function document({ heading, about, failed = false, body }: Page): string {
  const title = [...(failed ? [texts.errorTitle] : []), heading, about ?? texts.product].join(' – ');
  const page = html`<!doctype html>
<html lang="${texts.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<p class="brand">${mark}${texts.product}</p>
<h1>${heading}</h1>
${body}
</main>
</body>
</html>
`;
  return page.text;
}

/** What went wrong, said to screen readers as well; fields name it by `aria-describedby="problem"`. */
export function problemSummary(text: string): Html {
  return html`<div class="problem" id="problem" role="alert">
<h2>${texts.problemHeading}</h2>
<p>${text}</p>
</div>`;
}
