// Every projection that the service keeps up to date: what runs them, audits them and replays them reads this.
import { sessionsProjection } from './sessions-projection.js';
import { timelineProjection } from './timeline-projection.js';

export const projections = [sessionsProjection, timelineProjection] as const;
