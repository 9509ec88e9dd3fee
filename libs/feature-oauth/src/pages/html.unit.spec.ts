// HTML templates: what is put into them cannot become markup.
import { Html, html } from './html.js';

describe('a template', () => {
  it('escapes text, between tags and in quoted attributes', () => {
    const nasty = `<script a="b" c='d'>&amp;`;
    expect(html`<p title="${nasty}">${nasty}</p>`.text).toBe(
      '<p title="&lt;script a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;amp;">' +
        '&lt;script a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;amp;</p>',
    );
  });

  it('takes HTML as it is, lists of it, and nothing', () => {
    expect(html`${new Html('<b>')}${[html`<i>`, html`<u>`]}${undefined}`.text).toBe('<b><i><u>');
  });
});
