// The protocol against a naive oracle: random histories of phones, bad networks, thieves, restarts, new keys.
import { runRotationModel } from '../tools/model/run-model.js';

const seed = Number(process.env['SALLYPORT_MODEL_SEED'] ?? Date.now() % 1_000_000_000);

describe('rotation over a bad network, with thieves', () => {
  it('signs no honest phone out, grants thieves nothing, gives a generation one successor', async () => {
    console.info(`model seed ${seed} (SALLYPORT_MODEL_SEED repeats it)`);
    expect(await runRotationModel({ seed, refreshes: 20_000 })).toBeGreaterThanOrEqual(20_000);
  }, 600_000);
});
