// Every token that phones were ever answered, held against each other and against the ledger.
import { fingerprint } from '@sallyport/tokens';
import type { LedgerImage } from './ledger-image.js';

interface Answered {
  readonly received: string;
  /** `Sallyport-Position` of the answer; absent where it appended nothing. */
  readonly position: string | undefined;
}

/** The session and generation a refresh token says it is of; its tag is not checked here. */
export function placeOf(token: string): { readonly sessionId: string; readonly generation: number } {
  const bytes = Buffer.from(token.slice('sprt_'.length), 'base64url');
  return { sessionId: bytes.toString('base64url', 6, 22), generation: bytes.readUInt32BE(22) };
}

export class AnswerBook {
  private readonly answers: Answered[] = [];
  private readonly byGeneration = new Map<string, string>();
  private readonly different: string[] = [];

  get size(): number {
    return this.answers.length;
  }

  /** Whether anybody was ever answered with this generation of the session. */
  has(sessionId: string, generation: number): boolean {
    return this.byGeneration.has(`${sessionId}/${generation}`);
  }

  /** Notes the first token of a session. */
  noteStarted(received: string): void {
    const { sessionId, generation } = placeOf(received);
    this.byGeneration.set(`${sessionId}/${generation}`, received);
    this.answers.push({ received, position: undefined });
  }

  /** Notes an answer. Two different ones for one generation are a problem, whoever asked, and when. */
  note(sent: string, received: string, position: string | undefined): void {
    const { sessionId, generation } = placeOf(received);
    const used = placeOf(sent);
    const place = `${sessionId}/${generation}`;
    if (used.sessionId !== sessionId || used.generation + 1 !== generation) {
      this.different.push(`${used.sessionId}/${used.generation} was answered with ${place}`);
    }
    const known = this.byGeneration.get(place) ?? received;
    if (known !== received) this.different.push(`${place} was answered with two different tokens`);
    this.byGeneration.set(place, known);
    this.answers.push({ received, position });
  }

  /** Answers that contradict each other, or that the ledger does not have where they said; none is right. */
  problems(ledger: LedgerImage): string[] {
    return [...this.different, ...this.answers.flatMap((answered) => missing(answered, ledger))];
  }
}

function missing({ received, position }: Answered, ledger: LedgerImage): string[] {
  const { sessionId, generation } = placeOf(received);
  const place = `${sessionId}/${generation}`;
  if (ledger.fingerprintOf(sessionId, generation) !== fingerprint(received)) {
    return [`${place} was answered and is not in the ledger`];
  }
  if (position === undefined || ledger.eventAt(position)?.stream === `session-${sessionId}`) return [];
  return [`${place} was answered with position ${position}, which is not the session's`];
}
