// The reading half of the streams service: reads of a stream and of everything, and subscriptions to it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { errorOf, wireError, type Fault, type Faults } from './faults.js';
import { refusalOf, type Serving } from './serving.js';
import { identifierOf, nameOf, shared, streams, type ReadReq, type ReadResp } from './stubs.js';
import type { WrittenEvent } from './wire-log.js';

type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

const pageSize = 500;
const ticksPerMs = 10_000n;
const backwards = 1;

/** Answers one call of `Read`. */
export async function read(call: ReadCall, serving: Serving): Promise<void> {
  const options = call.request.getOptions();
  if (options === undefined) return fail(call, wireError('INVALID_ARGUMENT', 'no options'));
  const isSubscription = options.hasSubscription();
  serving.seen.note(isSubscription ? 'subscribe' : 'read', call.metadata);
  const refusal = refusalOf(serving, call.metadata);
  if (refusal !== undefined) return fail(call, refusal);
  const fault = serving.faults.take(isSubscription ? 'subscribe' : 'read');
  if (fault?.kind === 'silent') return;
  if (fault?.kind === 'slow') await sleep(fault.ms);
  const error = isSubscription && fault?.kind === 'drop' ? undefined : errorOf(fault);
  if (error !== undefined) return fail(call, error);
  try {
    if (isSubscription) await subscribe(call, serving, fault);
    else if (options.hasAll()) await readAll(call, serving);
    else await readStream(call, serving);
  } catch (thrown) {
    fail(call, 'metadata' in (thrown as object) ? thrown : wireError('INTERNAL', String(thrown)));
  }
}

async function readStream(call: ReadCall, { log, faults }: Serving): Promise<void> {
  const options = call.request.getOptions() as NonNullable<ReturnType<ReadReq['getOptions']>>;
  const asked = options.getStream();
  const stream = nameOf(asked?.getStreamIdentifier());
  const back = options.getReadDirection() === backwards;
  const end = back ? undefined : await log.headOf(stream);
  const from = asked?.hasRevision() ? Number(asked.getRevision()) : asked?.hasEnd() ? end : 0;
  const count = Math.min(Number(options.getCount()), 100_000);
  const events = await log.readStream(stream, { from, count, back });
  if (events.length === 0 && (await log.headOf(stream)) < 0) {
    const absent = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(stream));
    call.write(new streams.ReadResp().setStreamNotFound(absent));
  }
  for (const event of events) await send(call, responseOf(event, faults));
  call.end();
}

async function readAll(call: ReadCall, { log, faults }: Serving): Promise<void> {
  const options = call.request.getOptions() as NonNullable<ReturnType<ReadReq['getOptions']>>;
  const all = options.getAll();
  const asked = all?.getPosition()?.getCommitPosition();
  const from = asked === undefined ? undefined : BigInt(asked);
  const count = Math.min(Number(options.getCount()), 100_000);
  const back = options.getReadDirection() === backwards;
  // Forwards from the end there is nothing.
  const ahead = !back && all?.hasEnd() === true ? [] : undefined;
  const events = ahead ?? (back ? await log.readAllBack(from, count) : await log.readAll(from, count));
  for (const event of events) await send(call, responseOf(event, faults));
  call.end();
}

/** Sends what is after the position, then what comes; says where it is in between. */
async function subscribe(call: ReadCall, { log, faults }: Serving, fault: Fault | undefined): Promise<void> {
  const options = call.request.getOptions() as NonNullable<ReturnType<ReadReq['getOptions']>>;
  const all = options.getAll();
  const filter = options.getFilter();
  const prefixes = filter?.getStreamIdentifier()?.getPrefixList() ?? [''];
  const window = (filter?.getMax() || 32) * (filter?.getCheckpointintervalmultiplier() || 1);
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID());
  call.write(new streams.ReadResp().setConfirmation(confirmation));
  const stop = new AbortController();
  call.on('cancelled', () => stop.abort());
  call.on('close', () => stop.abort());
  const asked = all?.getPosition()?.getCommitPosition();
  let after = asked === undefined ? undefined : BigInt(asked);
  let unmatched = 0;
  while (!stop.signal.aborted) {
    const events = await log.readAll(after === undefined ? undefined : after + 1n, pageSize);
    for (const event of events) {
      after = event.position;
      const isAsked = prefixes.some((prefix) => event.stream.startsWith(prefix));
      if (fault?.kind === 'quiet') continue;
      if (isAsked) await send(call, responseOf(event, faults));
      if (isAsked && fault?.kind === 'duplicates') await send(call, responseOf(event, faults));
      unmatched = isAsked ? 0 : unmatched + 1;
      if (unmatched > 0 && unmatched % window === 0) await send(call, checkpointAt(event.position));
    }
    if (events.length > 0) continue;
    if (fault?.kind === 'fell-behind') {
      await send(call, new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind()));
      return fail(call, wireError('ABORTED', 'the consumer is too slow'));
    }
    const error = errorOf(fault);
    if (error !== undefined) return fail(call, error);
    const caughtUp = new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
    if (!stop.signal.aborted) await send(call, caughtUp);
    await log.wait(after, stop.signal);
  }
  call.end();
}

function fail(call: ReadCall, error: unknown): void {
  call.emit('error', error);
}

/** One message, no faster than the reader takes them. */
function send(call: ReadCall, message: ReadResp): Promise<void> {
  if (call.cancelled || call.write(message)) return Promise.resolve();
  return new Promise((resolve) => {
    const events = ['drain', 'cancelled', 'close'];
    const go = () => {
      for (const event of events) call.off(event, go);
      resolve();
    };
    for (const event of events) call.on(event, go);
  });
}

function checkpointAt(position: bigint): ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint()
    .setCommitPosition(String(position))
    .setPreparePosition(String(position));
  return new streams.ReadResp().setCheckpoint(checkpoint);
}

function responseOf(event: WrittenEvent, { clockOffsetMs }: Faults): ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(String(event.position))
    .setPreparePosition(String(event.position))
    .setData(Uint8Array.from(event.data))
    .setCustomMetadata(Uint8Array.from(event.metadata));
  const contentType = event.isJson ? 'application/json' : 'application/octet-stream';
  recorded
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', contentType)
    .set('created', String(BigInt(event.createdMs + clockOffsetMs) * ticksPerMs));
  const one = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position));
  return new streams.ReadResp().setEvent(one);
}
