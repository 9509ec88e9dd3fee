// The bodies of requests as checked shapes: what is wrong is told by field and rule, never by value.
import { ValidationPipe } from '@nestjs/common';
import { ProblemError } from '@sallyport/feature-ledger';
import type { ValidationError } from 'class-validator';

/** Reads a body as the class says; members that it does not know are dropped. */
export function validatedAs(shape: new () => object): ValidationPipe {
  return new ValidationPipe({ whitelist: true, expectedType: shape, exceptionFactory: malformed });
}

/** Names the fields that are wrong and the rules they break, never what was sent. */
function malformed(errors: readonly ValidationError[]): ProblemError {
  const fields = errors.map(({ property, constraints }) => ({
    field: property,
    rules: Object.keys(constraints ?? {}),
  }));
  const title = 'The request cannot be read';
  return new ProblemError({
    status: 400,
    code: 'bad_request',
    title,
    detail: 'See fields.',
    members: { fields },
  });
}
