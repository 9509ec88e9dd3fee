// Runs the first sign-in of README, block by block in one shell, against a service of its own.
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { OwnTarget } from '../tools/target/target.js';
import { blocks, page, section } from './pages.js';

const root = join(import.meta.dirname, '..', '..');
const tools = ['bash', 'curl', 'openssl', 'sed'];
const missing = tools.filter((tool) => spawnSync(tool, ['--help']).error !== undefined);
const address = 'ISSUER=http://127.0.0.1:3000\n';
const separator = '=== next block ===';

/** What each block printed. Rejects with all of it when a command failed. */
async function play(shellBlocks: readonly string[], { issuer, dataDir }: OwnTarget): Promise<string[]> {
  const script = ['set -eu -o pipefail', ...shellBlocks].join(`\necho; echo '${separator}'\n`);
  const env = { ...process.env, SALLYPORT_DATA_DIR: dataDir };
  const command = ['-c', script.replace(address, `ISSUER=${issuer}\n`)];
  const output = await new Promise<string>((resolve, reject) => {
    execFile('bash', command, { cwd: root, env, timeout: 60_000 }, (error, printed, errors) => {
      if (error === null) resolve(printed);
      else reject(new Error(`${error.message}\n${printed}\n${errors}`));
    });
  });
  return output.split(separator).slice(1);
}

describe("README's first sign-in", () => {
  const written = blocks(section(page('README.md'), '## A first sign-in'), 'sh');

  it('begins with the address of the service', () => {
    expect(written.length).toBeGreaterThan(5);
    expect(written[0]).toContain(address);
  });

  if (missing.length > 0) {
    it(`is not run: this machine has no ${missing.join(', ')}`, () => expect(missing).not.toEqual([]));
  } else {
    it('does what it says', async () => {
      const target = await OwnTarget.start();
      try {
        const said = await play(written, target);
        const [opened, , sentTo, tokens, ended, over, phone, ledger] = said;
        expect(opened).toMatch(/"token_endpoint":.*accountId +\S{22}/s);
        expect(sentTo).toMatch(/^\s*http:\/\/127\S+\/callback\?code=\S+&state=my-own-state&iss=\S+\s*$/);
        expect(tokens).toMatch(/"refresh_token":"sprt_/);
        expect(ended).toMatch(/"current":true.*HTTP\/1\.1 204.*sallyport-position: \d+/s);
        expect(over).toMatch(/"status":401.*"error":"invalid_grant"/s);
        expect(phone).toMatch(/token 1: +(\S+)\n.*ask again: \1\n/s);
        expect(phone).toMatch(/no key: +invalid_grant.*token 0: +invalid_grant stale_token/s);
        expect(phone).toMatch(/"status": "linked"/);
        expect(ledger).toMatch(/session-\S+\/2 session\.rotation-retried.*demo-phone +true/s);
      } finally {
        await target.stop();
      }
    }, 90_000);
  }
});
