// A process of the service as the race that started it has it: calls go over, answers and traces come back.
import { fork, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { AuthorizationCodes } from '@sallyport/feature-ledger';
import { repositoryRoot } from '../repository.js';
import type { RacingService } from './racing-service.js';
import { noteSteps } from './racing-store.js';
import { errorOf } from './racing-wire.js';
import type { Answered, Call, RacingSetup } from './racing-wire.js';

export class RemoteService implements RacingService {
  readonly commands = this.bus('command') as Pick<CommandBus, 'execute'>;
  readonly queries = this.bus('query') as Pick<QueryBus, 'execute'>;
  readonly codes: RacingService['codes'] = {
    issue: (given) => this.call({ kind: 'issue', given }) as Promise<string>,
    open: (given) => this.call({ kind: 'open', given }) as ReturnType<AuthorizationCodes['open']>,
  };
  private readonly waiting = new Map<number, (answered: Answered) => void>();
  private calls = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answered: Answered) => this.waiting.get(answered.number)?.(answered));
    child.once('exit', (code) => this.endAll(`a process of the races ended with ${code}`));
  }

  /** Resolves when it serves. */
  static async start(setup: RacingSetup): Promise<RemoteService> {
    const main = join(repositoryRoot(), 'dist', 'test', 'tools', 'races', 'racing-process.js');
    const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];
    const child = fork(main, [], { serialization: 'advanced', stdio });
    child.send(setup);
    const first = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (first[0] !== 'ready') throw new Error(`a process of the races did not start: ${String(first[0])}`);
    return new RemoteService(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  nonce(floorMs?: number): Promise<string> {
    return this.call({ kind: 'nonce', given: floorMs }) as Promise<string>;
  }

  personalKey(accountId: string): Promise<Uint8Array | undefined> {
    return this.call({ kind: 'personal-key', given: accountId }) as Promise<Uint8Array | undefined>;
  }

  /** Its clock is the machine's. */
  tick(): void {}

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private bus(kind: 'command' | 'query'): { execute(order: object): Promise<unknown> } {
    return {
      execute: (order) => this.call({ kind, name: order.constructor.name, given: { ...order } }),
    };
  }

  private async call(call: Omit<Call, 'number'>): Promise<unknown> {
    const number = (this.calls += 1);
    const answered = await new Promise<Answered>((resolve) => {
      this.waiting.set(number, resolve);
      this.child.send({ ...call, number });
    });
    this.waiting.delete(number);
    noteSteps(answered.steps);
    if (answered.failure !== undefined) throw errorOf(answered.failure);
    return answered.value;
  }

  private endAll(stack: string): void {
    for (const [number, resolve] of this.waiting) {
      resolve({ number, steps: [], failure: { kind: 'other', code: '', stack } });
    }
  }
}
