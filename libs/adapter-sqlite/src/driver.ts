// The driver that this Node can run: better-sqlite3 12 before Node 24, 13 from there on.
import { createRequire } from 'node:module';
import type Driver from 'better-sqlite3';

export type Connection = Driver.Database;

/**
 * 13 needs Node-API 10, which no Node 20 has. 12, compiled against the headers of Node 24.19 or later, aborts
 * the process when a statement is garbage collected while no code runs (nodejs/node#65446).
 */
const [major = 0] = process.versions.node.split('.').map(Number);
const name = major < 24 ? 'better-sqlite3' : 'better-sqlite3-13';
const load = createRequire(import.meta.url);

/** The file of the driver, for processes that load it themselves. */
export const driverFile = load.resolve(name);
export const Database = load(name) as typeof Driver;
