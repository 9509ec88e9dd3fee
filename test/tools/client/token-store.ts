// Keeps an app's tokens by the client rules: changed only while it still holds what was sent.
import { newId } from './device-key.js';

/** What an app holds of one sign-in. */
export interface HeldTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Written once, before the token is first sent: tells the own lost answer from another's rotation. */
  readonly attempt?: string;
}

/** In memory; a real app writes to disk before the first use, and swaps atomically across processes. */
export class TokenStore {
  private held: HeldTokens | undefined;

  /** `attempts`: whether a value for the `attempt` claim is kept beside each token. */
  constructor(private readonly attempts = true) {}

  read(): HeldTokens | undefined {
    return this.held;
  }

  /** After a sign-in: nothing was sent that this could overtake. */
  begin(tokens: Omit<HeldTokens, 'attempt'>): void {
    this.held = this.withAttempt(tokens);
  }

  /** Keeps the tokens of an answer if the store still holds what was sent; returns whether it did. */
  replace(sent: string, tokens: Omit<HeldTokens, 'attempt'>): boolean {
    if (this.held?.refreshToken !== sent) return false;
    // The same token once more keeps its attempt: it is one per token, not one per answer.
    this.held = tokens.refreshToken === sent ? { ...this.held, ...tokens } : this.withAttempt(tokens);
    return true;
  }

  /** Forgets the tokens if they are still those that were sent; returns whether they were. */
  remove(sent: string): boolean {
    if (this.held?.refreshToken !== sent) return false;
    this.held = undefined;
    return true;
  }

  /** What restoring a device's backup does, and what a test does to a thief's copy. */
  restore(tokens: HeldTokens): void {
    this.held = tokens;
  }

  private withAttempt(tokens: Omit<HeldTokens, 'attempt'>): HeldTokens {
    return this.attempts ? { ...tokens, attempt: newId() } : tokens;
  }
}
