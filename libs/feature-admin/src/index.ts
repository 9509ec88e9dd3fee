// Running the service by hand: a listener of its own for operators, and the file that tells where it is.
export { newCredential, removeAdminFile, writeAdminFile, type AdminAccess } from './admin-file.js';
export { AdminModule, type AdminParts } from './admin.module.js';
export { ClockMover } from './clock-mover.js';
export { readOrMakeCredential } from './credential-file.js';
export { ShownPosition } from './shown-position.js';
