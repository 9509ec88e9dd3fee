// What reaches the log file, and when.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceLog, type LogLevel } from './logging.js';

function written(level: LogLevel, write: (log: ServiceLog) => void): Record<string, unknown>[] {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-log-'));
  try {
    const file = openSync(join(folder, 'log'), 'a');
    const log = new ServiceLog(level, file);
    write(log);
    log.close();
    closeSync(file);
    const lines = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const line = { requestId: 'r-1', method: 'POST', route: '/v1/devices/:id', status: 200, ms: 1.25 };

describe('the log', () => {
  it('has one JSON object a line, requests and messages in one form', () => {
    const [request, aborted, message] = written('info', (log) => {
      log.request(line);
      log.request({ ...line, aborted: true });
      log.warn({ msg: 'behind', events: 3 }, 'views');
    });
    const common = { service: 'sallyport', time: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(request).toEqual({ ...common, ...line, level: 30, msg: 'request' });
    expect(aborted).toMatchObject({ aborted: true });
    expect(message).toEqual({ ...common, level: 40, context: 'views', msg: 'behind', events: 3 });
  });

  it('hides secrets in messages, objects and errors, whichever way Nest hands them over', () => {
    const canary = 'sprt_canary0123456789';
    const lines = written('trace', (log) => {
      log.error(`refused ${canary}`, new Error(canary).stack, 'http');
      log.error(new Error(canary), 'http');
      log.log({ msg: canary, token: canary, deep: { authorization: canary } });
      log.debug('text', { password: canary });
    });
    expect(lines).toHaveLength(4);
    expect(JSON.stringify(lines)).not.toContain('canary');
    expect(lines[1]).toMatchObject({ context: 'http', error: { name: 'Error' } });
  });

  it('says nothing below its level', () => {
    const lines = written('warn', (log) => {
      log.request(line);
      log.log('started', 'NestFactory');
      log.warn('heard');
    });
    expect(lines.map(({ msg }) => msg)).toEqual(['heard']);
  });
});
