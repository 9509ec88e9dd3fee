// The auditor: 0 holds, 1 differs, 2 not understood, 3 the data cannot be read. A process of its own.
import { SqliteFileError } from '@sallyport/adapter-sqlite';
import { isEngineError } from '@sallyport/engine';
import { AuditorError } from '@sallyport/feature-auditor';
import { surroundings } from './config.js';
import { AuditFailure, exitCodes } from './failure.js';
import { parse } from './grammar.js';
import type { Parsed } from './grammar.js';
import { Progress } from './progress.js';
import { runVerb } from './verbs.js';

// Whoever reads only the beginning of an export has closed its other end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
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
  const { verb, values } = parsed;
  const progress = new Progress();
  try {
    const where = surroundings({ dataDir: values['data-dir'], signingKey: values['signing-key'] });
    const asked = { values, surroundings: where, progressed: progress.progressed };
    const { holds, document, text = '' } = await runVerb(verb, asked);
    progress.end();
    process.stdout.write(values.json === true ? `${JSON.stringify({ holds, ...document })}\n` : text);
    return holds ? 0 : exitCodes.differs;
  } catch (error) {
    progress.end();
    const { kind, message } = failureOf(error);
    if (values.json === true) process.stdout.write(`${JSON.stringify({ error: kind, message })}\n`);
    process.stderr.write(`${message}\n`);
    return exitCodes[kind];
  }
}

/** Why there is no answer. What no port throws, a fold has thrown, at an event that no decision made. */
function failureOf(error: unknown): AuditFailure {
  if (error instanceof AuditFailure) return error;
  if (error instanceof AuditorError) return new AuditFailure('differs', error.message, { cause: error });
  if (error instanceof SqliteFileError) {
    return new AuditFailure('unavailable', error.message, { cause: error });
  }
  const { code, message } = causeOf(error);
  const damaged = isEngineError(error, 'store_damaged') || /^SQLITE_(CORRUPT|NOTADB)/.test(String(code));
  if (damaged) return new AuditFailure('differs', `The file is damaged: ${message}`, { cause: error });
  const away = isEngineError(error) || /^(SQLITE_|E[A-Z]+$)/.test(String(code));
  if (away) return new AuditFailure('unavailable', `The data cannot be read: ${message}`, { cause: error });
  const advice = 'npm run auditor -- verify tells where the ledger is wrong.';
  return new AuditFailure('differs', `An event cannot be folded: ${message}. ${advice}`, { cause: error });
}

/** What the driver or the system said. */
function causeOf(error: unknown): { readonly code?: unknown; readonly message: string } {
  const { cause } = error as { readonly cause?: unknown };
  const said = isEngineError(error) && cause instanceof Error ? cause : (error as Error);
  return { code: (said as { code?: unknown }).code, message: said.message };
}
