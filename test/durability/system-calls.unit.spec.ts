// The judge of traces, on traces of what must pass it and of what must not.
import { judgeAnswers, parseTrace } from '../tools/prove/system-calls.js';

const socket = '40<TCP:[127.0.0.1:3000->127.0.0.1:34620]>';
const wal = '24</data/ledger.sqlite-wal>';
const asked = `7 read(${socket}, "POST /token HTTP/1.1\\r\\n"..., 65536) = 221`;
const written = `7 pwrite64(${wal}, "\\0\\0\\0\\2"..., 24, 16512) = 24`;
const synced = `7 fsync(${wal}) = 0`;
const answered = `7 writev(${socket}, [{iov_base="HTTP/1.1 200 OK\\r\\n"..., iov_len=642}], 1) = 642`;
const refused = `7 write(${socket}, "HTTP/1.1 400 Bad Request\\r\\n"..., 642) = 642`;

const judged = (...lines: string[]) => judgeAnswers(parseTrace(lines.join('\n')), '/data/ledger.sqlite');

describe('the judge of a trace', () => {
  it('finds an answer synced when the log was written and then synced before it', () => {
    expect(judged(asked, written, synced, answered)).toEqual(['synced']);
    expect(judged(asked, written, synced.replace('fsync', 'fdatasync'), answered)).toEqual(['synced']);
    expect(judged(asked, written, synced, answered, asked, written, synced, answered)).toHaveLength(2);
  });

  it.each([
    ['there was no sync', [asked, written, answered]],
    ['the sync came after the answer', [asked, written, answered, synced]],
    ['the sync came before the last write', [asked, written, synced, written, answered]],
    ['the sync was for an earlier request', [written, synced, asked, written, answered]],
    ['the sync failed', [asked, written, synced.replace('= 0', '= -1 EIO (Input/output error)'), answered]],
    ['another file was synced', [asked, written, synced.replace('ledger', 'vault'), answered]],
    ['the database was synced in place of its log', [asked, written, synced.replace('-wal', ''), answered]],
  ])('finds it unsynced when %s', (_case, lines) => {
    expect(judged(...lines)).toEqual(['unsynced']);
  });

  it('finds an answer without any write of the log', () => {
    expect(judged(asked, answered)).toEqual(['unwritten']);
    expect(judged(asked, synced, answered)).toEqual(['unwritten']);
  });

  it('judges only answers that bring tokens', () => {
    expect(judged(asked, refused)).toEqual([]);
    expect(judged(asked, refused, asked, written, synced, answered)).toEqual(['synced']);
    expect(judged(asked.replace('/token', '/revoke'), answered)).toEqual([]);
  });

  it('puts calls together that other threads interrupted: a sync counts from its return', () => {
    const begun = `7 fsync(${wal} <unfinished ...>`;
    const other = '9 pread64(30</data/views.sqlite>, "", 100, 0) = 0';
    const done = '7 <... fsync resumed>)             = 0';
    const otherThreads = answered.replace('7 ', '8 ');
    expect(judged(asked, written, begun, other, done, answered)).toEqual(['synced']);
    expect(judged(asked, written, begun, other, otherThreads, done)).toEqual(['unsynced']);
    const reading = `7 read(${socket},  <unfinished ...>`;
    const read = '7 <... read resumed>"POST /token HTTP"..., 65536) = 221';
    expect(judged(reading, read, written, synced, answered)).toEqual(['synced']);
  });
});
