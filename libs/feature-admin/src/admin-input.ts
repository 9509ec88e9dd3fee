// What operators send: members by name, every mistake told at once, and who orders.
import type { Ordered } from '@sallyport/feature-ledger';
import { ProblemError } from '@sallyport/feature-ledger';
import type { FastifyRequest } from 'fastify';

const operatorName = /^[A-Za-z0-9._-]{1,64}$/;

/** The body of a request as checked members; unknown ones are mistakes. */
export class AdminInput {
  private readonly mistakes: string[] = [];
  private readonly known = new Set<string>();

  private constructor(private readonly body: Readonly<Record<string, unknown>>) {}

  /** Reads members with `take` and rejects with every mistake, or with 400 for a body that is no object. */
  static read<T>(body: unknown, take: (input: AdminInput) => T): T {
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    const input = new AdminInput(isObject ? (body as Record<string, unknown>) : {});
    const taken = take(input);
    const unknown = Object.keys(input.body).filter((name) => !input.known.has(name));
    const mistakes = [...input.mistakes, ...unknown.map((name) => `${name}: is not known here`)];
    if (mistakes.length > 0) throw mistaken(mistakes);
    return taken;
  }

  /** A text of 1 to `max` characters. */
  text(name: string, max = 200): string {
    const value = this.optionalText(name, max);
    if (value === undefined && this.body[name] === undefined) this.mistakes.push(`${name}: is missing`);
    return value ?? '';
  }

  optionalText(name: string, max = 200): string | undefined {
    this.known.add(name);
    const value = this.body[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.length >= 1 && value.length <= max) return value;
    this.mistakes.push(`${name}: must be a text of 1 to ${max} characters`);
    return undefined;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    const known = choices.find((choice) => choice === value);
    if (known !== undefined) return known;
    if (value !== '') this.mistakes.push(`${name}: must be one of ${choices.join(', ')}`);
    return choices[0] as T;
  }

  /** A whole number of 1 to `max`. */
  count(name: string, max: number): number {
    this.known.add(name);
    const value = this.body[name];
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number;
    this.mistakes.push(`${name}: must be a whole number from 1 to ${max}`);
    return 1;
  }
}

/**
 * Who orders: the name the operator gave, for the record. What lets them in is the credential, not the name.
 */
export function orderedBy(request: FastifyRequest): Ordered {
  const { 'x-operator': name } = request.headers;
  if (typeof name !== 'string' || !operatorName.test(name)) {
    throw mistaken(['X-Operator: must name who acts, in 1 to 64 letters, digits or . _ -']);
  }
  return { actor: { kind: 'operator', id: name }, correlationId: request.id };
}

/** 400 with every mistake of a request. */
export function mistaken(mistakes: readonly string[]): ProblemError {
  return new ProblemError({
    status: 400,
    code: 'bad_request',
    title: 'The request is not as it must be',
    detail: mistakes.join('; '),
    members: { mistakes },
  });
}
