// Imported before the client is: its parts are fixed to each other when they are loaded.
import { useOwnRecords } from './own-records.js';

useOwnRecords();
