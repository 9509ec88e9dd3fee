// How far the views are behind the store, for alarms; how many streams of events are open.
import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { EventStreams } from './timeline/event-streams.js';
import { ViewProgress } from './view-progress.js';
import type { ViewLag } from './view-progress.js';

@Injectable()
export class ViewMetrics {
  /** While the store cannot be asked, the figures stay what they were. */
  constructor(registry: Registry, progress: ViewProgress, streams: EventStreams) {
    const registers = [registry];
    const lag = (): Promise<ViewLag | undefined> => progress.lag().catch(() => undefined);
    new Gauge({
      name: 'sallyport_view_lag_events',
      help: 'Events in the store that the session views do not show yet',
      registers,
      async collect() {
        const now = await lag();
        if (now !== undefined) this.set(now.events);
      },
    });
    new Gauge({
      name: 'sallyport_view_lag_seconds',
      help: 'Age of what the session views show, 0 when they show everything',
      registers,
      async collect() {
        const now = await lag();
        if (now !== undefined) this.set(now.seconds);
      },
    });
    new Gauge({
      name: 'sallyport_event_streams',
      help: 'Streams of server-sent events that are open, by audience',
      labelNames: ['audience'],
      registers,
      collect() {
        this.set({ audience: 'owner' }, streams.count('owner'));
        this.set({ audience: 'operator' }, streams.count('operator'));
      },
    });
  }
}
