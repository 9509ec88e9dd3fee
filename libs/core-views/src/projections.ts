// Every projection that the service keeps up to date: who runs, audits or replays them all reads this.
import { sessionsProjection } from './sessions-projection.js';
import { timelineProjection } from './timeline-projection.js';

export const projections = [sessionsProjection, timelineProjection] as const;

/** What a consumer of a bus keeps all of them as: rows and one checkpoint a partition, in one transaction. */
export const viewsConsumer = { name: 'views', generation: 1 } as const;
