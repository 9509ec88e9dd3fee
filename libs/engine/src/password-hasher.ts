// The port to password hashing: slow on purpose, so bounded, and equally slow for names that nobody has.

export abstract class PasswordHasher {
  /**
   * The hash to store, as one text that names its algorithm and parameters, with a fresh salt.
   * Rejects with `queue_full` when too many wait; so do the others.
   */
  abstract hash(password: string): Promise<string>;

  /**
   * Whether the password is the hashed one. Rejects with an error of the driver for a text that is no hash.
   */
  abstract verify(hash: string, password: string): Promise<boolean>;

  /**
   * Takes its turn and costs as much as `verify` of a hash made now, and is always false: for unknown names.
   */
  abstract verifyAgainstNothing(password: string): Promise<false>;
}
