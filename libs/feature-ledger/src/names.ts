// Sign-in names: how they are normalised, and whose a name is.
import { Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { streams } from '@sallyport/core-session';
import { KeyRing, nameHash } from '@sallyport/tokens';
import { LedgerError } from './errors.js';
import { Ledger } from './ledger.js';

const longestName = 254;

@Injectable()
export class Names {
  constructor(
    private readonly ring: KeyRing,
    private readonly ledger: Ledger,
  ) {}

  /** Keyed hash of a name as typed: without outer blanks, in NFKC, in lower case. Any text has one. */
  hash(typed: string): string {
    return nameHash(typed.slice(0, 1024).trim().normalize('NFKC').toLowerCase(), this.ring);
  }

  /** Throws `name_malformed` unless the name is an e-mail address. */
  check(typed: string): string {
    const name = typed.trim().normalize('NFKC').toLowerCase();
    if (name.length > longestName || !isEmail(name)) throw new LedgerError('name_malformed');
    return name;
  }

  /** The account that holds the name, as the store says now. */
  async holder(hash: string): Promise<string | undefined> {
    const { state } = await this.ledger.names.fetch(streams.loginName(hash));
    return state.accountId;
  }
}
