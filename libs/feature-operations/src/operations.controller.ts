// What machines that watch the service ask: is it alive, is it ready, what does it count.
import { Controller, Get, Header } from '@nestjs/common';
import { ProblemError } from '@sallyport/feature-ledger';
import { Registry } from 'prom-client';
import { Readiness, type ReadinessReport } from './readiness.js';

@Controller()
export class OperationsController {
  constructor(
    private readonly readiness: Readiness,
    private readonly registry: Registry,
  ) {}

  /**
   * The process answers: nothing more is claimed, so that a restart is never the cure for a store that is
   * away.
   */
  @Get('health/live')
  live(): { readonly status: 'live' } {
    return { status: 'live' };
  }

  @Get('health/ready')
  async ready(): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    if (report.ready) return report;
    throw new ProblemError({
      status: 503,
      code: 'not_ready',
      title: 'The service is not ready',
      members: { checks: report.checks },
      headers: { 'retry-after': '1' },
    });
  }

  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.registry.metrics();
  }
}
