// What HTTP costs and how often: one histogram by route and status, requests in flight, requests turned away.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Seconds; dense where a refresh should be. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** `route` is a pattern, never the URL asked for: labels are a closed set. */
interface ServedRequest extends Record<'method' | 'route' | 'status', string | number> {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

export class HttpMetrics {
  private readonly durations: Histogram<'method' | 'route' | 'status'>;
  private readonly shed: Counter<'kind'>;

  /** `inFlight` is asked when the metrics are read. */
  constructor(registry: Registry, inFlight: () => number) {
    const registers = [registry];
    this.durations = new Histogram({
      name: 'sallyport_http_request_seconds',
      help: 'Time from the head of a request to the end of its answer, by route pattern',
      labelNames: ['method', 'route', 'status'],
      buckets,
      registers,
    });
    this.shed = new Counter({
      name: 'sallyport_http_requests_shed_total',
      help: 'Requests answered 503 at once because too many were in flight',
      labelNames: ['kind'],
      registers,
    });
    new Gauge({
      name: 'sallyport_http_requests_in_flight',
      help: 'Requests being worked on',
      registers,
      collect() {
        this.set(inFlight());
      },
    });
  }

  served(request: ServedRequest, ms: number): void {
    this.durations.observe(request, ms / 1000);
  }

  turnedAway(kind: string): void {
    this.shed.inc({ kind });
  }
}
