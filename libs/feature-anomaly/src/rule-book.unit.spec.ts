// What counts as history when the rules begin.
import { minute, noon, Street, Watched } from './spec-examples.js';

describe('rules that begin', () => {
  it('takes for history only what was before the service began, however late it looks', async () => {
    const street = new Street();
    const historyUntil = await street.start('ada-s1', noon);
    await street.fork('ada-s1', noon + minute);
    const watched = new Watched(street, undefined, { historyUntil });
    await watched.run();
    expect(watched.actions).toEqual(['ada step_up']);
  });
});
