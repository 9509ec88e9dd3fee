// The writing half of the streams service: classic appends, batched ones, deletes and tombstones.
import { setTimeout as sleep } from 'node:timers/promises';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { errorOf, wireError, type Fault } from './faults.js';
import { refusalOf, type Serving } from './serving.js';
import { nameOf, shared, streams } from './stubs.js';
import type { AppendReq, AppendResp, BatchAppendReq, BatchAppendResp } from './stubs.js';
import type { TombstoneReq, TombstoneResp } from './stubs.js';
import type { Expected, WireEvent, WireOutcome } from './wire-log.js';

/** Answers one call of `Append`: the first message says where, the others are the events. */
export function append(
  call: ServerReadableStream<AppendReq, AppendResp>,
  answer: sendUnaryData<AppendResp>,
  serving: Serving,
): void {
  serving.seen.note('append', call.metadata);
  const refusal = refusalOf(serving, call.metadata);
  if (refusal !== undefined) return answer(refusal);
  const events: WireEvent[] = [];
  let stream = '';
  let expected: Expected = 'any';
  call.on('data', (message: AppendReq) => {
    const options = message.getOptions();
    if (options !== undefined) {
      stream = nameOf(options.getStreamIdentifier());
      expected = expectedOf(options, options.hasRevision() ? options.getRevision() : undefined);
    }
    const proposed = message.getProposedMessage();
    if (proposed !== undefined) events.push(eventOf(proposed));
  });
  call.on('error', () => undefined);
  call.on('end', () => {
    void carryOut(serving, { stream, expected, events }).then(
      (outcome) => outcome !== undefined && answer(null, responseOf(outcome, expected)),
      (error: unknown) => answer(asWireError(error)),
    );
  });
}

/** Batched appends, which our adapter must not use: one answer each, in the order they are done. */
export function batchAppend(
  call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>,
  serving: Serving,
): void {
  serving.seen.note('batch-append', call.metadata);
  call.on('data', (message: BatchAppendReq) => {
    const options = message.getOptions();
    const stream = nameOf(options?.getStreamIdentifier());
    const expected =
      options === undefined
        ? 'any'
        : expectedOf(options, options.getStreamPosition() === '0' ? undefined : options.getStreamPosition());
    const events = message.getProposedMessagesList().map(eventOf);
    void carryOut(serving, { stream, expected, events }).then(
      (outcome) => {
        if (outcome?.kind !== 'written') return;
        const success = new streams.BatchAppendResp.Success().setCurrentRevision(String(outcome.revision));
        const id = message.getCorrelationId();
        call.write(new streams.BatchAppendResp().setCorrelationId(id).setSuccess(success));
      },
      (error: unknown) => call.emit('error', asWireError(error)),
    );
  });
  call.on('end', () => call.end());
  call.on('error', () => undefined);
}

/** Makes the stream one that can never be written again. */
export function tombstone(
  call: ServerUnaryCall<TombstoneReq, TombstoneResp>,
  answer: sendUnaryData<TombstoneResp>,
  { log }: Serving,
): void {
  log.tombstone(nameOf(call.request.getOptions()?.getStreamIdentifier()));
  answer(null, new streams.TombstoneResp().setNoPosition(new shared.Empty()));
}

/** Undefined: the call is to stay without an answer. Throws a `WireError`. */
async function carryOut(
  { log, faults, restart }: Serving,
  { stream, expected, events }: { stream: string; expected: Expected; events: readonly WireEvent[] },
): Promise<WireOutcome | undefined> {
  const fault = faults.take('append');
  if (fault?.kind === 'silent') return undefined;
  if (fault?.kind === 'slow') await sleep(fault.ms);
  if (fault?.kind === 'wrong-expected-version') {
    return { kind: 'wrong-expected-version', current: await log.headOf(stream) };
  }
  const error = errorOf(fault);
  if (error !== undefined && fault?.kind !== 'not-leader-after-commit') throw error;
  const outcome = await log.append(stream, expected, events);
  await faults.afterCommit?.(stream);
  return answerAfterCommit(fault, outcome, restart);
}

function answerAfterCommit(
  fault: Fault | undefined,
  outcome: WireOutcome,
  restart: (downMs: number) => void,
): WireOutcome | undefined {
  if (fault?.kind === 'silent-after-commit') return undefined;
  if (fault?.kind === 'not-leader-after-commit') throw errorOf(fault);
  if (fault?.kind === 'drop-after-commit') throw wireError(fault.code, 'the double lost the answer');
  if (fault?.kind !== 'restart-after-commit') return outcome;
  restart(fault.downMs);
  return undefined;
}

function expectedOf(
  options: { hasNoStream(): boolean; hasStreamExists(): boolean; hasAny(): boolean },
  revision: string | undefined,
): Expected {
  if (options.hasNoStream()) return -1;
  if (options.hasStreamExists()) return 'exists';
  return options.hasAny() || revision === undefined ? 'any' : Number(revision);
}

function eventOf(proposed: {
  getId(): { getString(): string } | undefined;
  getMetadataMap(): { get(name: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}): WireEvent {
  return {
    id: proposed.getId()?.getString() ?? '',
    type: proposed.getMetadataMap().get('type') ?? '',
    isJson: proposed.getMetadataMap().get('content-type') === 'application/json',
    data: proposed.getData_asU8(),
    metadata: proposed.getCustomMetadata_asU8(),
  };
}

function responseOf(outcome: WireOutcome, expected: Expected): AppendResp {
  if (outcome.kind === 'written') {
    const position = new streams.AppendResp.Position()
      .setCommitPosition(String(outcome.position))
      .setPreparePosition(String(outcome.position));
    const success = new streams.AppendResp.Success()
      .setCurrentRevision(String(outcome.revision))
      .setPosition(position);
    return new streams.AppendResp().setSuccess(success);
  }
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (outcome.current < 0) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(outcome.current));
  if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else if (expected === 'exists') wrong.setExpectedStreamExists(new shared.Empty());
  else if (expected < 0) wrong.setExpectedNoStream(new shared.Empty());
  else wrong.setExpectedRevision(String(expected));
  return new streams.AppendResp().setWrongExpectedVersion(wrong);
}

function asWireError(error: unknown): Parameters<sendUnaryData<AppendResp>>[0] {
  const isOurs = typeof error === 'object' && error !== null && 'metadata' in error;
  return (isOurs ? error : wireError('INTERNAL', String(error))) as Parameters<sendUnaryData<AppendResp>>[0];
}
