// A backend that pays out, as docs/standing.md tells it: asks its own copy of the standings, and nobody else.
import { randomUUID } from 'node:crypto';
import type { Bus } from '@sallyport/engine';
import { followStanding, StandingReader } from '@sallyport/standing-reader';

export class Withdrawals {
  private readonly reader = new StandingReader({ clock: { now: () => Date.now() }, maxAgeSeconds: 10 });
  private readonly stopping = new AbortController();
  private readonly following: Promise<void>;

  constructor(bus: Bus, failed: (error: unknown) => void) {
    const group = `sallyport-reader-${randomUUID()}`;
    const following = { bus, topic: 'sallyport.standing', group, reader: this.reader, failed };
    this.following = followStanding(following, this.stopping.signal);
  }

  /** For the readiness probe: null once everything is known, else what is lacking. */
  lacks(): string | null {
    return this.reader.readiness();
  }

  /** `sid` and `sub` of an access token whose signature, expiry and key proof were checked. */
  decide({ sid, sub }: { readonly sid: string; readonly sub: string }): 'pay' | 'held' | 'sign in' | 'later' {
    const standing = this.reader.sessionStanding(sid, sub);
    switch (standing.status) {
      case 'active':
        return this.reader.session(sid)?.holds.length === 0 ? 'pay' : 'held';
      case 'ended':
        return 'sign in';
      case 'unknown':
        return 'later';
    }
  }

  /** What the app shows the account under "where you are signed in". */
  sessions(sub: string): string[] {
    const active = this.reader.sessionsOf(sub).filter(({ standing }) => standing.status === 'active');
    return active.map(({ clientId, country, lastActiveAt }) => {
      return `${clientId} in ${country ?? 'an unknown country'} at ${lastActiveAt}`;
    });
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.following;
  }
}
