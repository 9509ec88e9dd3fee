// What the rules count: findings, decisions, and what somebody should be called for.
import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';

@Injectable()
export class AnomalyMetrics {
  readonly findings: Counter<'rule' | 'mode'>;
  readonly decisions: Counter<'action' | 'outcome'>;
  /** Evidence that the store does not have: somebody else writes to the bus. */
  readonly unverified: Counter;
  /** Events that could not be judged. */
  readonly faults: Counter;
  readonly parked: Gauge;
  readonly stopped: Gauge;
  readonly enforcementPaused: Gauge;
  /** How often too many locks at once paused it. */
  readonly brakes: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.findings = new Counter({
      name: 'sallyport_findings_total',
      help: 'Findings of the rules',
      labelNames: ['rule', 'mode'],
      registers,
    });
    this.decisions = new Counter({
      name: 'sallyport_rule_decisions_total',
      help: 'Decisions of the rules by what became of them',
      labelNames: ['action', 'outcome'],
      registers,
    });
    this.unverified = new Counter({
      name: 'sallyport_evidence_alarms_total',
      help: 'Findings on events that the store does not have: check who else writes to the bus',
      registers,
    });
    this.faults = new Counter({
      name: 'sallyport_rule_faults_total',
      help: 'Events that the rules could not judge',
      registers,
    });
    this.parked = new Gauge({
      name: 'sallyport_accounts_parked',
      help: 'Accounts whose events are set aside until an operator retries',
      registers,
    });
    this.stopped = new Gauge({
      name: 'sallyport_rules_stopped',
      help: '1 while so many accounts are parked that nothing is judged',
      registers,
    });
    this.enforcementPaused = new Gauge({
      name: 'sallyport_enforcement_paused',
      help: '1 while decisions of the rules are recorded and not carried out',
      registers,
    });
    this.brakes = new Counter({
      name: 'sallyport_enforcement_brake_alarms_total',
      help: 'Times that too many locks within a minute paused enforcement',
      registers,
    });
  }
}
