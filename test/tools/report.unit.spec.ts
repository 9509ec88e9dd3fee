// Holds the tools' report to its document and its exit code.
import { Report } from './report.js';

const figure = { name: 'refreshes', value: 9, unit: '/s', aim: '>= 10', holds: false };

/** A report that says nothing while it is tested. */
class QuietReport extends Report {
  override say(): void {}
}

function reportOf(fill: (report: Report) => void): {
  document: ReturnType<Report['document']>;
  exitCode: number;
} {
  const report = new QuietReport({ tool: 'drill', json: true });
  const { write } = process.stdout;
  process.stdout.write = () => true;
  try {
    fill(report);
    return { document: report.document(), exitCode: report.finish() };
  } finally {
    process.stdout.write = write;
  }
}

it('exits 0 when all holds; what was skipped does not count against it', () => {
  const { document, exitCode } = reportOf((report) => {
    report.group('a', 'a rule');
    report.check('one', true, 'not shown');
    report.skip('two', 'no clock');
    report.figure({ ...figure, value: 11, holds: true });
  });
  expect(exitCode).toBe(0);
  expect(document).toMatchObject({ tool: 'drill', passed: 2, failed: 0, skipped: 1 });
  expect(document.checks).toEqual([
    { group: 'a', name: 'one', outcome: 'passed' },
    { group: 'a', name: 'two', outcome: 'skipped', detail: 'no clock' },
  ]);
});

it('exits 1 when a check or a figure does not hold, with what was seen', () => {
  const check = reportOf((report) => {
    report.check('one', true);
    report.check('two', false, { seen: 1 });
  });
  expect(check.exitCode).toBe(1);
  expect(check.document.checks[1]).toMatchObject({ outcome: 'failed', detail: '{"seen":1}' });
  const missed = reportOf((report) => {
    report.check('one', true);
    report.figure(figure);
  });
  expect(missed).toMatchObject({ exitCode: 1, document: { failed: 1, figures: [figure] } });
});

it('exits 1 when nothing was tried', () => {
  expect(reportOf((report) => report.skip('one', 'no clock')).exitCode).toBe(1);
});
