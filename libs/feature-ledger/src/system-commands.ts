// Orders about keys and a restored store: what operators do at scale.
import { Command } from '@nestjs/cqrs';
import type { KeyPurpose } from '@sallyport/core-session';
import type { Ordered, Written } from './session-commands.js';

/** Makes a new key current for a purpose; tokens of the one before stay good until used or expired. */
export class RotateKey extends Command<Written & { readonly keyId: string }> {
  constructor(
    readonly input: { readonly purpose: KeyPurpose; readonly reason: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** After an older store was restored: cuts off every session, then retires all refresh keys. */
export class DeclareStoreRestored extends Command<Written> {
  constructor(
    readonly input: { readonly reason: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}
