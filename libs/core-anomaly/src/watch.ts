// One event under observation: what rules need to judge it, and how they report what they find.
import type { EventPlace, Evidence, RuleAction } from '@sallyport/core-session';
import type { Finding } from './finding.js';
import { isAfter } from './observed-event.js';
import type { ObservedEvent, TriggerEvent } from './observed-event.js';
import type { CountryPlaces } from './places.js';
import type { RuleSet } from './rule-set.js';
import { rankOf } from './rule-set.js';
import { traitsOf } from './rule-table.js';
import type { RuleName } from './rule-table.js';
import { push, stateLimits } from './state.js';
import type { AnomalyState } from './state.js';

/** What does not change from event to event. */
export interface RuleContext {
  readonly set: RuleSet;
  /** By country; countries that are not in it are nowhere, and no rule on distances fires for them. */
  readonly countryPlaces: CountryPlaces;
  /** A collision-resistant digest of a text, short and printable, the same always and everywhere. */
  digest(text: string): string;
}

/** The event, the state it changes, and what was found so far. */
export interface Watch {
  readonly state: AnomalyState;
  readonly event: ObservedEvent;
  readonly context: RuleContext;
  readonly findings: Finding[];
}

/** What a rule says. */
export interface Report {
  /** What it is about, so that the rule does not repeat itself: a session, a country, or nothing. */
  readonly about: string;
  readonly atMs: number;
  readonly session?: string;
  /** A device's id, or `session:` and an id. */
  readonly device?: string;
  readonly country?: string;
  readonly cites?: readonly EventPlace[];
  readonly evidence: Evidence;
  /** The rule does no more than this here. */
  readonly atMost?: RuleAction;
}

/** Whether the rule looks at all, and the event is news to it. */
export function looks({ state, event, context }: Watch, rule: RuleName): boolean {
  const trigger = state.triggers[rule];
  if (context.set.config.rules[rule].mode === 'off') return false;
  return trigger === undefined || isAfter(event.position, trigger);
}

/** Records a finding, unless the rule has said the same a short while ago. */
export function report(watch: Watch, rule: RuleName, said: Report): void {
  if (!looks(watch, rule) || hasTold(watch, rule, said)) return;
  const { state, context } = watch;
  push(state.told, { rule, about: said.about, ms: said.atMs }, stateLimits.told);
  const softened = traitsOf(rule).place ? softening(watch, said) : undefined;
  const finding = makeFinding(context, watch.event, { ...said, accountId: state.accountId, rule, softened });
  watch.findings.push(finding);
  const recent = {
    id: finding.id,
    rule,
    action: finding.action,
    atMs: said.atMs,
    position: watch.event.position,
    enforce: finding.mode === 'enforce',
    softened: softened !== undefined,
    session: said.session ?? '',
    device: said.device ?? '',
    country: said.country ?? '',
  };
  push(state.recent, recent, stateLimits.recent);
}

/** A finding of the rule on the event. Ids derive from what it is about, so the same gives the same id. */
export function makeFinding(
  { set, digest }: RuleContext,
  event: TriggerEvent,
  said: Report & {
    readonly accountId: string;
    readonly rule: RuleName;
    readonly softened?: Finding['softened'];
  },
): Finding {
  const { accountId, rule, softened } = said;
  const settings = set.config.rules[rule];
  const caps = [said.atMost, softened === undefined ? undefined : ('step_up' as const)];
  const action = caps.reduce<RuleAction>((least, cap) => milder(least, cap), settings.action);
  const { position, stream, revision } = event;
  const deviceId = said.device?.startsWith('session:') === true ? undefined : said.device;
  return {
    id: digest(`finding ${accountId} ${rule} ${set.hash} ${position} ${said.about}`),
    accountId,
    rule,
    ruleSet: set.hash,
    mode: settings.mode === 'enforce' ? 'enforce' : 'observe',
    action: said.session === undefined ? milder(action, 'flag') : action,
    trigger: { position, stream, revision, eventId: event.id },
    cites: said.cites ?? [],
    atMs: said.atMs,
    ...(said.session === undefined ? {} : { sessionId: said.session }),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(softened === undefined ? {} : { softened }),
    evidence: evidenceOf(said, action, softened),
  };
}

/** Whether the device was first used a short while before `ms`, on an account that was used before it. */
export function isNewDevice({ state, context }: Watch, device: string, ms: number): boolean {
  const seen = state.devices.find((known) => known.device === device);
  if (seen === undefined || seen.firstMs <= state.firstUseMs) return false;
  return ms - seen.firstMs < context.set.config.newDeviceSeconds * 1000;
}

function evidenceOf(said: Report, action: RuleAction, softened: Finding['softened']): Evidence {
  return {
    at: isoTime(said.atMs),
    ...said.evidence,
    ...(said.session === undefined ? {} : { session: said.session }),
    ...(softened === undefined ? {} : { softened }),
    action,
  };
}

function hasTold({ state, context }: Watch, rule: RuleName, { about, atMs }: Report): boolean {
  const quietMs = context.set.config.quietSeconds * 1000;
  return state.told.some(
    (told) => told.rule === rule && told.about === about && Math.abs(told.ms - atMs) <= quietMs,
  );
}

/** What a person said ahead of time. A notice or a trust excuses no session that it was filed from, and a
 * notice no device that was new when it was filed. */
function softening(watch: Watch, { session, device, country, atMs }: Report): Finding['softened'] {
  const { state } = watch;
  if (session === undefined || device === undefined) return undefined;
  const trusted = state.trusted.some((trust) => trust.device === device && trust.session !== session);
  if (trusted) return 'trusted_device';
  const announced = state.journeys.some(
    (journey) =>
      journey.session !== session &&
      country !== undefined &&
      journey.countries.includes(country) &&
      journey.fromMs <= atMs &&
      atMs <= journey.untilMs &&
      isKnownBy(watch, device, journey.filedMs),
  );
  return announced ? 'travel_notice' : undefined;
}

function isKnownBy(watch: Watch, device: string, ms: number): boolean {
  const seen = watch.state.devices.find((known) => known.device === device);
  return seen !== undefined && seen.firstMs < ms && !isNewDevice(watch, device, ms);
}

function milder(action: RuleAction, cap: RuleAction | undefined): RuleAction {
  return cap !== undefined && rankOf(cap) < rankOf(action) ? cap : action;
}

/** ISO 8601, UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
