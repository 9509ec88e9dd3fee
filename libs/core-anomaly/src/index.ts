// The rules: what they remember of an account, what they find in its events, and what is to be done about it.
export { emptyCrowdState } from './crowd.js';
export type { CrowdState } from './crowd.js';
export * from './finding.js';
export { ignoredByRules, observe } from './observe.js';
export { crowdNotes, observeAll, observeNote, stateKeysOf } from './observe-all.js';
export type { CrowdNote, RuleStates, StateKeys } from './observe-all.js';
export type { ObservedEvent, ObservedPlace, TriggerEvent } from './observed-event.js';
export { isAfter } from './observed-event.js';
export type { CountryPlaces, Place } from './places.js';
export * from './rule-memory.js';
export * from './rule-set.js';
export * from './rule-set-parser.js';
export * from './rule-table.js';
export { emptyAnomalyState, stateLimits } from './state.js';
export type { AnomalyState } from './state.js';
export type { RuleContext } from './watch.js';
