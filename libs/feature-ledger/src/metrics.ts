// What the ledger counts: outcomes of refreshes, exchanges and sign-ins, and the two alarms.
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { Ledger } from './ledger.js';

@Injectable()
export class LedgerMetrics {
  readonly refreshes: Counter<'outcome'>;
  readonly exchanges: Counter<'outcome'>;
  readonly signIns: Counter<'outcome'>;
  /** A right tag with a wrong fingerprint: refresh keys may have leaked. */
  readonly keyLeakAlarms: Counter;
  /** A token says more than the store knows: an older store was restored, or a replica is behind. */
  readonly behindAlarms: Counter;

  constructor(registry: Registry, ledger: Ledger) {
    const registers = [registry];
    const labelNames = ['outcome'] as const;
    this.refreshes = new Counter({
      name: 'sallyport_refreshes_total',
      help: 'Refreshes by outcome',
      labelNames,
      registers,
    });
    this.exchanges = new Counter({
      name: 'sallyport_exchanges_total',
      help: 'Code exchanges by outcome',
      labelNames,
      registers,
    });
    this.signIns = new Counter({
      name: 'sallyport_sign_ins_total',
      help: 'Sign-ins by outcome',
      labelNames,
      registers,
    });
    this.keyLeakAlarms = new Counter({
      name: 'sallyport_key_leak_alarms_total',
      help: 'Tokens with a right tag and a wrong fingerprint: check whether refresh keys leaked',
      registers,
    });
    this.behindAlarms = new Counter({
      name: 'sallyport_store_behind_alarms_total',
      help: 'Genuine tokens the store does not know: check whether an older store was restored',
      registers,
    });
    new Gauge({
      name: 'sallyport_commands_waiting',
      help: 'Commands running or waiting in the queues of streams',
      registers,
      collect() {
        this.set(ledger.queue.depth);
      },
    });
  }
}
