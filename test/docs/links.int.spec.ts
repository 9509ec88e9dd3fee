// Holds every path that the documentation names against the files there are.
import { allPages, deadPaths } from './pages.js';

const planted = (text: string) => ({ path: 'docs/page.md', text });

describe('paths in the documentation', () => {
  it.each([
    ['a file that is gone', 'See `libs/engine/src/gone.ts`.', ['libs/engine/src/gone.ts']],
    ['a folder that is gone', 'Look into `apps/gone`.', ['apps/gone']],
    ['a file without its folder', 'It is in `event-store.ts`.', ['event-store.ts']],
    ['a link to a page that is gone', '[Why](adr/9999-gone.md#part)', ['docs/adr/9999-gone.md']],
  ])('catches %s', (_, text, dead) => {
    expect(deadPaths(planted(text))).toEqual(dead);
  });

  it.each([
    'See `libs/engine/src/event-store.ts`, `.ci/run` and [errors](errors.md#oautherrorcode).',
    'A stream: `session-<id>`, a file: `ledger.sqlite`, a package: `@nestjs/cqrs`, a folder: `apps/<name>`.',
    'Elsewhere: [RFC](https://www.rfc-editor.org/rfc/rfc9449).',
    '```\ncat docs/not-a-name-in-prose.md\n```\n',
  ])('lets pass: %s', (text) => expect(deadPaths(planted(text))).toEqual([]));

  it('all exist', () => {
    const pages = allPages();
    expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/errors.md']));
    const dead = pages.flatMap((page) => deadPaths(page).map((name) => `${page.path}: ${name}`));
    expect(dead).toEqual([]);
  });
});
