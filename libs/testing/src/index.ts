// What specs share: contract suites of the ports, and labelled doubles of what stands behind them.
export * from './clock-and-ids.js';
export * from './event-store-contract.js';
export * from './examples.js';
export * from './feed-contract.js';
export * from './geo-lookup-contract.js';
export * from './given-when-then.js';
export { accountFold, cutoffsFold, nameFold, sessionFold } from '@sallyport/core-session';
export * from './memory-event-store.js';
export * from './memory-secret-store.js';
export * from './memory-view-store.js';
export * from './mmdb-file.js';
export * from './random-world.js';
export * from './refreshes.js';
export * from './secret-store-contract.js';
export * from './service.js';
export * from './store-under-test.js';
export * from './till.js';
export * from './view-store-contract.js';
