// The machine's own speed, to hold figures against: ES256 signatures a second in one thread, in the
// form in which all versions of Node make them fastest.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const payload = randomBytes(400);

/** Signs for `ms` milliseconds; resolves with signatures a second. */
export function signingRate(ms = 500): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const startedAt = performance.now();
  let signed = 0;
  while (performance.now() - startedAt < ms) {
    for (let index = 0; index < 50; index += 1) sign('sha256', payload, privateKey);
    signed += 50;
  }
  return (signed * 1000) / (performance.now() - startedAt);
}
