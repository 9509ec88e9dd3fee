// One account as the ledger keeps it, as far as it decides what a refresh becomes: a rotation, a retry,
// reuse.
import type { Network } from '@sallyport/core-session';
import type { Line, LineKind } from './line.js';
import type { Spot, World } from './world.js';

interface Session {
  readonly id: string;
  generation: number;
  /** Who made the latest rotation: what the attempt in a proof tells. */
  maker: Holder | undefined;
  ended: boolean;
}

/** Who holds a token: an installation of the app, or a thief with a copy of what it held. */
export interface Holder {
  readonly device: string | null;
  session: Session | undefined;
  generation: number;
}

/** What the answer to a refresh was: `stale`: the key is right, the token is not; `ended`: sign in again. */
export type Answer = 'tokens' | 'lost' | 'stale' | 'ended';

/** An act of a holder: when, from where, and where its lines go. */
export interface Doing {
  readonly ms: number;
  readonly spot: Spot;
  readonly emit: (line: Line) => void;
}

type Journey = Required<Pick<Line, 'countries' | 'fromMs' | 'untilMs'>>;

/** What people and thieves do, whatever comes of it: who plays it elsewhere hears it in order. */
export type Deed =
  | ({ readonly kind: 'sign_in' | 'sign_out'; readonly holder: Holder } & Where)
  | ({ readonly kind: 'refresh'; readonly holder: Holder; readonly lost: boolean } & Where)
  | ({ readonly kind: 'notice'; readonly holder: Holder; readonly journey: Journey } & Where)
  | ({ readonly kind: 'fail'; readonly count: number } & Where)
  /** `to` has from now on all that `from` has. */
  | { readonly kind: 'copy'; readonly from: Holder; readonly to: Holder }
  /** From now on the holder is the thief, or shares a session with him. */
  | { readonly kind: 'stolen'; readonly holder: Holder };

interface Where {
  readonly account: Account;
  readonly ms: number;
  readonly spot: Spot;
  /** As geography sees it, which may be wrong or not know. */
  readonly country: string | null;
}

export class Account {
  private started = 0;
  /** Sessions that a thief used; in a session he shares with its owner, the owner's too. */
  readonly stolen: string[] = [];

  constructor(
    readonly id: string,
    private readonly world: World,
    private readonly witness: (deed: Deed) => void = () => {},
  ) {}

  /** A device with a key of its own. */
  device(name: string): Holder {
    return { device: `${this.id}-${name}`, session: undefined, generation: 0 };
  }

  /** An app without a device key. */
  bearer(): Holder {
    return { device: null, session: undefined, generation: 0 };
  }

  /** `before`: done when the session is made and before anybody hears of it. */
  signIn(holder: Holder, doing: Doing, before: () => void = () => {}): void {
    this.started += 1;
    const session: Session = {
      id: `${this.id}-${this.started}`,
      generation: 0,
      maker: undefined,
      ended: false,
    };
    holder.session = session;
    holder.generation = 0;
    before();
    this.did({ kind: 'sign_in', holder }, doing);
    this.say('sign_in', holder, doing);
  }

  signOut(holder: Holder, doing: Doing): void {
    const { session } = holder;
    this.did({ kind: 'sign_out', holder }, doing);
    if (session === undefined || session.ended) return;
    this.say('sign_out', holder, doing);
    session.ended = true;
  }

  fail(doing: Doing, count: number): void {
    const { ms, emit } = doing;
    this.did({ kind: 'fail', count }, doing);
    emit({ ms, account: this.id, device: null, kind: 'sign_in_failed', count, network: this.network(doing) });
  }

  /** `lost`: the answer does not arrive, so that the holder still has the token it sent. */
  refresh(holder: Holder, doing: Doing, lost = false): Answer {
    const { session } = holder;
    this.did({ kind: 'refresh', holder, lost }, doing);
    if (session === undefined || session.ended) return 'ended';
    const behind = session.generation - holder.generation;
    if (behind > 0 && holder.device === null) {
      this.say('reuse', holder, { ...doing, more: { cause: 'superseded', ends: true } });
      session.ended = true;
      return 'ended';
    }
    if (behind > 1) {
      this.say('stale_token', holder, doing);
      return 'stale';
    }
    if (behind === 1) {
      this.say('retry', holder, doing);
      if (session.maker !== holder) this.say('reuse', holder, { ...doing, more: { cause: 'forked' } });
    } else {
      session.generation += 1;
      session.maker = holder;
      this.say('refresh', holder, doing);
    }
    if (lost) return 'lost';
    holder.generation = session.generation;
    return 'tokens';
  }

  fileNotice(
    holder: Holder,
    doing: Doing,
    journey: Journey,
  ): void {
    this.did({ kind: 'notice', holder, journey }, doing);
    this.say('travel_notice', holder, { ...doing, more: journey });
  }

  /** A copy of what the holder has, in somebody else's hands. */
  copyOf(holder: Holder): Holder {
    const { device, session, generation } = holder;
    const copy: Holder = { device, session, generation };
    this.witness({ kind: 'copy', from: holder, to: copy });
    return copy;
  }

  /** From here on what this session does may be the thief's doing. */
  markStolen(holder: Holder): void {
    const { session } = holder;
    this.witness({ kind: 'stolen', holder });
    if (session !== undefined && !this.stolen.includes(session.id)) this.stolen.push(session.id);
  }

  private did(deed: Unplaced<Deed>, doing: Doing): void {
    const { ms, spot } = doing;
    this.witness({ ...deed, account: this, ms, spot, country: this.network(doing).country } as Deed);
  }

  private say(kind: LineKind, holder: Holder, doing: Doing & { readonly more?: Partial<Line> }): void {
    const { ms, emit, more = {} } = doing;
    const { device, session } = holder;
    const network = this.network(doing);
    emit({ ms, account: this.id, device, kind, session: session?.id ?? '', network, ...more });
  }

  private network({ spot, ms }: Doing): Network {
    return this.world.seen(spot, this.id, ms);
  }
}

type Unplaced<D> = D extends Where ? Omit<D, keyof Where> : never;
