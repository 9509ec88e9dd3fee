// What is told of the rules: findings and their dismissal. What they decided, its own events tell.
import type {
  AnomalyDetected,
  AnomalyDismissed,
  DecisionTaken,
  EnforcementPaused,
  EnforcementResumed,
  Evidence,
  RulesActivated,
  SallyportEvent,
} from '@sallyport/core-session';
import { because, byWhom, teller } from './timeline-words.js';
import type { Teller } from './timeline-words.js';

type AnomalyType = Extract<SallyportEvent['type'], `${'anomaly' | 'rules'}.${string}`>;

const told = 'What a decision led to is told by its own event.';
const everybodys = "The rules are the service's, not the account's.";

/** Complete by type: an event that is not told here does not compile. */
export const anomalyTellers: { readonly [T in AnomalyType]: Teller } = {
  'anomaly.detected': teller<AnomalyDetected>()({
    details: ({ findingId, rule, severity, mode, evidence }) => ({
      findingId,
      rule,
      severity,
      mode,
      evidence,
    }),
    say: ({ details: { rule, evidence } }, names) => {
      return `Something unusual was noticed${because(`${rule} (${inWords(evidence)})`, names)}.`;
    },
  }),
  'anomaly.dismissed': teller<AnomalyDismissed>()({
    details: ({ findingId, rule, reason }) => ({ findingId, rule, reason }),
    say: (dismissed, names) => {
      const { rule, reason } = dismissed.details;
      const who = byWhom(dismissed, names);
      return `Something unusual was found harmless${who}${because(`${rule}, ${reason}`, names)}.`;
    },
  }),
  'anomaly.decision-taken': teller<DecisionTaken>()({
    unlisted: told,
    details: ({ rule, action, outcome }) => ({ rule, action, outcome }),
    say: ({ details: { rule, action, outcome } }, names) => {
      return `The service decided on ${action.replace('_', '-')} (${outcome})${because(rule, names)}.`;
    },
  }),
  'rules.activated': teller<RulesActivated>()({
    unlisted: everybodys,
    details: ({ hash, reason }) => ({ hash, reason }),
    say: (activated, names) => {
      const who = byWhom(activated, names);
      return `Rules were activated${who}${because(activated.details.reason, names)}.`;
    },
  }),
  'rules.enforcement-paused': teller<EnforcementPaused>()({
    unlisted: everybodys,
    details: ({ reason }) => ({ reason }),
    say: (paused, names) => {
      const why = because(paused.details.reason, names);
      return `Enforcement by rules was paused${byWhom(paused, names)}${why}.`;
    },
  }),
  'rules.enforcement-resumed': teller<EnforcementResumed>()({
    unlisted: everybodys,
    details: ({ reason }) => ({ reason }),
    say: (resumed, names) => {
      const why = because(resumed.details.reason, names);
      return `Enforcement by rules was resumed${byWhom(resumed, names)}${why}.`;
    },
  }),
};

function inWords(evidence: Evidence): string {
  return Object.entries(evidence)
    .filter(([name]) => name !== 'session')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
