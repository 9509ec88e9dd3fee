// Imported before the client is: its parts are fixed to each other when they are loaded.
import { useOwnChecksum } from './own-checksum.js';
import { useOwnEncoder } from './own-encoder.js';
import { useOwnGrouping } from './own-grouping.js';
import { useOwnRecords } from './own-records.js';

useOwnEncoder();
useOwnRecords();
useOwnChecksum();
useOwnGrouping();
