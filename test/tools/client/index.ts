// A small OAuth client for tools and specs: an app that keeps the rules, single requests that may not.
export { App, SignedOut, type AppOptions } from './app.js';
export { newDeviceKey, newId, signProof, tokenHash, type DeviceKey, type ProofClaims } from './device-key.js';
export { EventReader, type Block } from './event-reader.js';
export { AnswerLost, forwarded, Network, readAnswer, replay, type Answer, type Recorded } from './network.js';
export { ProofSigner } from './proof-signer.js';
export {
  authorizationUrl,
  demoBearer,
  demoPhone,
  discover,
  obtainCode,
  type CodeInHand,
  type Person,
  type Registration,
} from './service.js';
export { Browser, passwordForm, signInByForm, SignInRefused } from './sign-in-form.js';
export { TokenCaller, type How } from './token-caller.js';
export { TokenStore, type HeldTokens } from './token-store.js';
