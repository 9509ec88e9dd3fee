// Passwords by argon2id, at most a few at a time.
export { ArgonPasswords } from './argon-passwords.js';
export type { ArgonPasswordsOptions, PasswordCounts } from './argon-passwords.js';
export { BoundedQueue } from './bounded-queue.js';
