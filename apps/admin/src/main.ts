// The admin command: 0 done, 1 refused, 2 not understood, 3 the service cannot be reached or cannot answer
// now.
import { AdminClient, AdminFailure, type AdminFailureKind } from './client.js';
import { runCommand } from './commands.js';
import { surroundings } from './config.js';
import { parse, type Parsed } from './grammar.js';
import { readable } from './output.js';

const exitCodes: Readonly<Record<AdminFailureKind, number>> = { refused: 1, usage: 2, unavailable: 3 };
const maxPasswordBytes = 8_192;

process.exitCode = await main(parse(process.argv.slice(2)));

async function main(parsed: Parsed): Promise<number> {
  if (parsed.kind === 'help') {
    process.stdout.write(parsed.text);
    return 0;
  }
  if (parsed.kind === 'usage') {
    if (parsed.json) process.stdout.write(`${JSON.stringify({ error: 'usage', message: parsed.message })}\n`);
    process.stderr.write(`${parsed.message}\n\n${parsed.text}`);
    return exitCodes.usage;
  }
  const { command, values } = parsed;
  try {
    const client = new AdminClient(surroundings({ dataDir: values['data-dir'], operator: values.operator }));
    const answer = await runCommand(command, { client, values, password: readPassword });
    process.stdout.write(values.json === true ? `${JSON.stringify(answer)}\n` : readable(answer));
    return 0;
  } catch (error) {
    if (!(error instanceof AdminFailure)) throw error;
    const document = { error: error.kind, message: error.message, problem: error.problem };
    if (values.json === true) process.stdout.write(`${JSON.stringify(document)}\n`);
    process.stderr.write(`${error.message}\n`);
    return exitCodes[error.kind];
  }
}

/** Everything on standard input, less one line break at its end. Never an argument: those are public. */
async function readPassword(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > maxPasswordBytes) throw new AdminFailure('usage', 'The password is too long.');
  }
  const password = Buffer.concat(chunks).toString('utf8').replace(/\r?\n$/, '');
  if (password === '') throw new AdminFailure('usage', 'There is no password on standard input.');
  return password;
}
