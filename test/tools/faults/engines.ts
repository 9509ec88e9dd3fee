// The engines under the service, and the ways in which each can be away: crashed, or there without an answer.
import type { Machines } from '../../engines/machines.js';

/** `killed`: SIGKILL, and started again on its data. `stopped`: SIGSTOP, connections stay; SIGCONT. */
export type Way = 'killed' | 'stopped';

export function wayOf(seed: number): Way {
  return seed % 2 === 1 ? 'killed' : 'stopped';
}

export interface Engine {
  readonly name: string;
  /** Whether refreshes go on without it. */
  readonly isSpared: boolean;
  away(way: Way): Promise<void>;
  back(way: Way): Promise<void>;
}

/** The broker last: its consumers take longest to come back. */
export function enginesOf({ kafka, replicas }: Machines): Engine[] {
  const { postgres } = replicas;
  return [
    {
      name: 'database',
      isSpared: true,
      away: async (way) => (way === 'killed' ? postgres.crash() : void postgres.freeze()),
      back: async (way) => (way === 'killed' ? postgres.resume() : postgres.thaw()),
    },
    {
      name: 'event store',
      isSpared: false,
      away: async (way) => {
        await (way === 'killed' ? replicas.stopEventStore('SIGKILL') : stop(replicas.eventStorePid));
      },
      back: async (way) => {
        await (way === 'killed' ? replicas.startEventStore() : go(replicas.eventStorePid));
      },
    },
    {
      name: 'broker',
      isSpared: true,
      away: async (way) => (way === 'killed' ? kafka.halt('SIGKILL') : stop(kafka.pid)),
      back: async (way) => (way === 'killed' ? kafka.startAgain() : go(kafka.pid)),
    },
  ];
}

function stop(pid: number | undefined): void {
  process.kill(pid as number, 'SIGSTOP');
}

function go(pid: number | undefined): void {
  process.kill(pid as number, 'SIGCONT');
}
