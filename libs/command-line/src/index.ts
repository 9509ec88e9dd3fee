// What the commands of operators and auditors read their arguments with.
export { joinedValues } from './joined-values.js';
