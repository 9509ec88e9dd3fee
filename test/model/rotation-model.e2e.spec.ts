// The protocol against a naive oracle: random histories of phones, bad networks, thieves, restarts, new keys.
import { proved } from '../tools/prove/as-process.js';

const seed = Number(process.env['SALLYPORT_MODEL_SEED'] ?? 1 + (Date.now() % 1_000_000_000));

describe('rotation over a bad network, with thieves', () => {
  it('signs no honest phone out, grants thieves nothing, gives a generation one successor', async () => {
    console.info(`model seed ${seed} (SALLYPORT_MODEL_SEED repeats it)`);
    expect(await proved('model', { count: 20_000, seed })).toMatchObject({ passed: 1, failed: 0 });
  }, 600_000);
});
