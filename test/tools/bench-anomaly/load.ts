// People who refresh at a steady rate, now and then from where they cannot be.
import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryMaker, MadePerson } from '../history/made-ledger.js';

/** So many that nobody refreshes as often as only machines do. */
const peopleCount = 2_000;
const suspectEvery = 100;
/** Who is suspected once is held already: each is somebody else. */
const suspects = 500;
const groupSize = 50;
const tickMs = 5;

/** Everybody signs in and refreshes at home once. */
export async function arriveAll(maker: HistoryMaker): Promise<MadePerson[]> {
  const people: MadePerson[] = [];
  while (people.length < peopleCount) {
    const group = Array.from({ length: groupSize }, () => maker.arrive());
    await Promise.all(group.flatMap(({ appended }) => appended));
    people.push(...group.map(({ person }) => person));
    await Promise.all(group.map(({ person }) => maker.refresh(person)));
  }
  return people;
}

/** Refreshes at a rate, one in so many from elsewhere. */
export class Load {
  private turn = 0;

  constructor(
    private readonly maker: HistoryMaker,
    private readonly people: readonly MadePerson[],
  ) {}

  /** Resolves with the rate that was reached, when all is stored. */
  async run(rate: number, seconds: number): Promise<number> {
    const waiting: Promise<unknown>[] = [];
    const startedAt = performance.now();
    for (;;) {
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs >= seconds * 1_000) break;
      for (const due = (elapsedMs * rate) / 1_000; waiting.length < due;) waiting.push(this.one());
      await sleep(tickMs);
    }
    await Promise.all(waiting);
    return (waiting.length / (performance.now() - startedAt)) * 1_000;
  }

  private one(): Promise<unknown> {
    this.turn += 1;
    const isSuspect = this.turn % suspectEvery === 0;
    const who = isSuspect ? this.turn / suspectEvery : suspects + (this.turn % (peopleCount - suspects));
    return this.maker.refresh(this.people[who % peopleCount] as MadePerson, isSuspect ? 'SG' : 'CH');
  }
}
