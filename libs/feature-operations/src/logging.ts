// Structured logs: one JSON object a line, written behind the requests, without secrets and personal data.
import type { LoggerService } from '@nestjs/common';
import pino, { type Logger as PinoLogger } from 'pino';
import { redact, redactText } from './redaction.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One served request. A closed list of members: nothing of the request's own text is among them. */
export interface RequestLine {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern, never the URL asked for. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  /** The client went away before the answer was written. */
  readonly aborted?: true;
}

/** What Nest says of its own start, by context: of use only to whoever looks for a wiring mistake. */
const wiring: ReadonlySet<unknown> = new Set([
  'ExceptionHandler',
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);
const serviceName = 'sallyport';
/** Lines wait in memory until so many characters or a second have come together. */
const bufferCharacters = 8_192;
const maxBufferedBytes = 16 * 1024 * 1024;
const flushEveryMs = 1_000;

/** The log of the process, on standard error. */
export class ServiceLog implements LoggerService {
  private readonly destination: ReturnType<typeof pino.destination>;
  private readonly pino: PinoLogger;
  private readonly timer: NodeJS.Timeout;
  /**
   * Lines of requests not handed on yet. Not left to the destination, which measures all that waits at every
   * line.
   */
  private waiting = '';
  private time = { ms: 0, text: '' };

  constructor(level: LogLevel, fileDescriptor = 2) {
    const limits = { minLength: bufferCharacters, maxLength: maxBufferedBytes };
    this.destination = pino.destination({ dest: fileDescriptor, sync: false, ...limits });
    // A log that cannot be written must not end the service.
    this.destination.on('error', () => undefined);
    const base = { service: serviceName };
    this.pino = pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, this.destination);
    this.timer = setInterval(() => {
      this.handOn();
      this.destination.flush();
    }, flushEveryMs).unref();
  }

  /**
   * The line of a request. Its members cannot hold a secret or a character that JSON escapes (ids are
   * checked, methods and routes are our own words), so it goes past redaction and pino: a third of the cost,
   * at every request.
   */
  request({ requestId, method, route, status, ms, aborted }: RequestLine): void {
    if (!this.pino.isLevelEnabled('info')) return;
    const time = this.timeText(Date.now());
    const end = aborted === true ? ',"aborted":true}\n' : '}\n';
    this.waiting +=
      `{"level":30,"time":"${time}","service":"${serviceName}","msg":"request","requestId":"${requestId}",` +
      `"method":"${method}","route":"${route}","status":${status},"ms":${ms}${end}`;
    if (this.waiting.length >= bufferCharacters) this.handOn();
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(wiring.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    // A start that fails is told by whoever asked for it.
    this.write(wiring.has(rest.at(-1)) ? 'debug' : 'error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Writes what waits, at once. */
  flush(): void {
    this.handOn();
    try {
      this.destination.flushSync();
    } catch {
      // Nobody reads any more, or the file is full: there is nowhere to say so.
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.flush();
  }

  /** Many requests end in one millisecond, and its text costs as much as the rest of the line. */
  private timeText(ms: number): string {
    if (this.time.ms !== ms) this.time = { ms, text: new Date(ms).toISOString() };
    return this.time.text;
  }

  private handOn(): void {
    if (this.waiting === '') return;
    const lines = this.waiting;
    this.waiting = '';
    this.destination.write(lines);
  }

  /** As Nest calls it: the message, perhaps a stack or objects, and the context as the last text. */
  private write(level: Exclude<LogLevel, 'silent'>, message: unknown, rest: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    this.handOn();
    const last = rest.at(-1);
    const context = typeof last === 'string' && !last.includes('\n') ? last : undefined;
    const details = context === undefined ? rest : rest.slice(0, -1);
    const named = context === undefined ? {} : { context };
    const line = { ...named, ...membersOf(message), ...detailsOf(details) };
    this.pino[level](line, typeof message === 'string' ? redactText(message) : undefined);
  }
}

function membersOf(message: unknown): object {
  if (typeof message === 'string' || message === undefined || message === null) return {};
  if (message instanceof Error) return { error: redact(message) };
  const clean = redact(message);
  return typeof message === 'object' && !Array.isArray(message) ? (clean as object) : { value: clean };
}

function detailsOf(details: readonly unknown[]): object {
  const known = details.filter((detail) => detail !== undefined);
  if (known.length === 0) return {};
  const [first] = known;
  return first instanceof Error ? { error: redact(first) } : { details: redact(known) };
}
