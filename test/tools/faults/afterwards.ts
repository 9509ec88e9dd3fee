// What must hold once all is back: nothing answered is lost, and what was made of the ledger is a replay.
import { EventStoreDbConnection, EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import { busTopics } from '@sallyport/adapter-kafka';
import type { Feed } from '@sallyport/engine';
import { setTimeout as sleep } from 'node:timers/promises';
import { foreignPrograms } from '../../engines/foreign-programs.js';
import type { ForeignProgram } from '../../engines/foreign-programs.js';
import type { Machines } from '../../engines/machines.js';
import { LedgerImage } from '../prove/ledger-image.js';
import type { Report } from '../report.js';
import { publishedValidators } from '../schemas/validator.js';
import { networkProblems, recordCount, topicProblems } from './topic-audit.js';
import type { TopicAudit } from './topic-audit.js';
import type { WatchedLoad } from './watched-load.js';

const publishedWithinMs = 60_000;

/** Reads the ledger beside the service. */
export async function withFeed<T>({ eventStoreUrl }: Machines, work: (feed: Feed) => Promise<T>): Promise<T> {
  const connection = EventStoreDbConnection.to({ url: eventStoreUrl, clock: { now: () => Date.now() } });
  const feed = new EventStoreDbFeed(connection);
  try {
    return await work(feed);
  } finally {
    feed.close();
    await connection.close();
  }
}

/** Checks the answers of a load that has ended against the ledger. */
export function checkAnswers(load: WatchedLoad, ledger: LedgerImage, report: Report): void {
  const lost = [...load.book.problems(ledger), ...ledger.problems()];
  const { answers, putOff, signIns } = load.counted;
  const name = `all ${answers + signIns} answers are in the ledger, which folds`;
  report.check(name, lost.length === 0, lost.slice(0, 5));
  const signedOut = load.signedOut(ledger);
  report.check('nobody was signed out', signedOut.length === 0, signedOut.slice(0, 5));
  const impolite = load.politenessProblems();
  report.check(`all ${putOff} refusals are 503 with Retry-After`, impolite.length === 0, impolite);
}

/** Checks what each foreign reader finds in the topics; skips those that are not installed. */
export async function checkTopics(machines: Machines, ledger: LedgerImage, report: Report): Promise<void> {
  const audit = auditOf(machines, ledger);
  for (const program of installed(report)) {
    const deadline = performance.now() + publishedWithinMs;
    let records = await program.read(machines.kafka.brokers, busTopics.events);
    while (records.length < recordCount(audit) && performance.now() < deadline) {
      await sleep(500);
      records = await program.read(machines.kafka.brokers, busTopics.events);
    }
    const problems = topicProblems(audit, records);
    const what = `${program.name} reads the ledger's ${ledger.events} events`;
    report.check(`${what}, each once, in order, as published`, problems.length === 0, problems);
    const network = networkProblems(audit, await program.read(machines.kafka.brokers, busTopics.network));
    report.check(`${program.name} reads them by network too`, network.length === 0, network);
  }
}

/** The same while the relay is at work: what is there is the ledger's beginning, each once and in order. */
export async function checkTopicSoFar(machines: Machines, when: string, report: Report): Promise<void> {
  for (const program of installed(report)) {
    const before = await withFeed(machines, (feed) => LedgerImage.of(feed));
    const enough = recordCount(auditOf(machines, before));
    const records = await program.read(machines.kafka.brokers, busTopics.events, enough);
    const ledger = await withFeed(machines, (feed) => LedgerImage.of(feed));
    const problems = topicProblems({ ...auditOf(machines, ledger), isLive: true }, records);
    const what = `${when}: ${program.name} reads ${records.length} records`;
    report.check(`${what}, the ledger so far`, problems.length === 0, problems);
  }
}

function auditOf(machines: Machines, ledger: LedgerImage): TopicAudit {
  const { partitions, issuer: source } = machines;
  return { events: ledger.log, partitions, source, validate: publishedValidators() };
}

function installed(report: Report): ForeignProgram[] {
  return foreignPrograms.filter((program) => {
    const isThere = program.isInstalled();
    if (!isThere) report.skip(`what ${program.name} reads`, `${program.name} is not installed`);
    return isThere;
  });
}
