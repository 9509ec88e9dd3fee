// For tests: events as if a bus had brought them, whether the store has them or not.
import { Controller, HttpCode, Inject, Optional, Post, Req, UseGuards } from '@nestjs/common';
import type { RecordedEvent } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';
import { AdminGuard } from './admin-guard.js';
import { mistaken } from './admin-input.js';

/** Provided by the app where the service was started for tests. */
export abstract class BusPort {
  /** Hands the event to the consumers of the bus; whether they believe it is for them to say. */
  abstract write(event: RecordedEvent): void;
}

const texts = ['id', 'type', 'stream', 'recordedAt', 'partitionKey'] as const;

@Controller('admin/bus')
@UseGuards(AdminGuard)
export class BusController {
  constructor(@Optional() @Inject(BusPort) private readonly bus: BusPort | null) {}

  /** Takes one event; refused unless the service was started for it. */
  @Post('events')
  @HttpCode(202)
  write(@Req() request: FastifyRequest): { readonly id: string } {
    if (this.bus === null) {
      throw new ProblemError({
        status: 409,
        code: 'bus_closed',
        title: 'This service takes no events from its operators',
        detail: 'Start it with SALLYPORT_TEST_BUS=1 to try what a forged event does.',
      });
    }
    const event = eventOf(request.body);
    this.bus.write(event);
    return { id: event.id };
  }
}

/** The event, as far as its consumers need its members to be what they are. Throws 400 with every mistake. */
function eventOf(body: unknown): RecordedEvent {
  const sent = isObject(body) ? body : {};
  const mistakes: string[] = [];
  const must = (name: string, holds: boolean, be: string): void => {
    if (!holds) mistakes.push(`${name}: must be ${be}`);
  };
  for (const name of texts) must(name, typeof sent[name] === 'string', 'a text');
  const { position, revision, data, actor } = sent;
  must('position', typeof position === 'string' && /^[1-9]\d{0,18}$/.test(position), 'a position');
  must('revision', Number.isSafeInteger(revision) && (revision as number) >= 0, 'a whole number');
  must('data', isObject(data), 'an object');
  must('actor', isObject(actor), 'an object');
  if (mistakes.length > 0) throw mistaken(mistakes);
  return sent as unknown as RecordedEvent;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
