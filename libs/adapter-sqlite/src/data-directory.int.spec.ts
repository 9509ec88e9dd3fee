// One process has the data directory, for its owner only; whoever comes second is told who has it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDirectory } from './data-directory.js';
import { driverFile } from './driver.js';

const root = mkdtempSync(join(tmpdir(), 'sallyport-lock-'));
afterAll(() => rmSync(root, { recursive: true }));

/** What another process does to hold the lock: the same transaction on the same file, by plain SQLite. */
const HOLD = `
  const Database = require(${JSON.stringify(driverFile)});
  const db = new Database(process.argv[1] + '/lock.sqlite', { timeout: 0 });
  db.exec('BEGIN EXCLUSIVE');
  console.log('held');
  setInterval(() => {}, 1000);`;

async function holdElsewhere(directory: string) {
  const child = spawn(process.execPath, ['-e', HOLD, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('lockDataDirectory', () => {
  it('makes the directory for its owner only, and its files too', () => {
    const directory = join(root, 'new', 'deep');
    const lock = lockDataDirectory(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'lock.sqlite')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'lock.pid')).mode & 0o777).toBe(0o600);
    lock.release();
    lock.release();
    expect(existsSync(join(directory, 'lock.pid'))).toBe(false);
  });

  it('closes an empty directory to others but leaves one with other things as it is', () => {
    const [empty, used] = [join(root, 'empty'), join(root, 'used')];
    for (const directory of [empty, used]) mkdirSync(directory, { mode: 0o755 });
    writeFileSync(join(used, 'note.txt'), '');
    for (const directory of [empty, used]) lockDataDirectory(directory).release();
    expect(statSync(empty).mode & 0o777).toBe(0o700);
    expect(statSync(used).mode & 0o777).toBe(0o755);
  });

  it('tells a second holder which directory, who has it and what to do', () => {
    const directory = join(root, 'twice');
    const lock = lockDataDirectory(directory);
    expect(() => lockDataDirectory(directory)).toThrow(
      expect.objectContaining({
        code: 'data_directory_in_use',
        message: expect.stringMatching(
          new RegExp(`${directory} is in use .*pid ${process.pid}.* Stop that process`),
        ),
      }),
    );
    const second = spawnSync(process.execPath, ['-e', HOLD, directory], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    expect(second.stderr).toContain('database is locked');
    lock.release();
    lockDataDirectory(directory).release();
  });

  it('is refused while another process holds it, and free the moment that one is killed', async () => {
    const directory = join(root, 'killed');
    lockDataDirectory(directory).release();
    const child = await holdElsewhere(directory);
    expect(() => lockDataDirectory(directory)).toThrow(
      expect.objectContaining({ code: 'data_directory_in_use' }),
    );
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    lockDataDirectory(directory).release();
  });

  it('says so when the directory cannot be made', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => lockDataDirectory(join(root, 'file', 'below'))).toThrow(
      expect.objectContaining({ code: 'data_directory_unusable' }),
    );
  });
});
