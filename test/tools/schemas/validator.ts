// Whether the data of an event are as its published schema says.
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { publishedSchemas } from './event-schemas.js';
import type { Schema } from './type-schema.js';

export function validatorOf(schema: Schema): ValidateFunction {
  return new Ajv({ allErrors: true, allowUnionTypes: true, strict: false }).compile(schema);
}

/** Checks data by the `$id` of their schema; resolves with what is wrong with them, in words. */
export function publishedValidators(): (schemaId: string, data: unknown) => string[] {
  const validators = new Map(
    Object.values(publishedSchemas()).map((schema) => [String(schema.$id), validatorOf(schema)]),
  );
  return (schemaId, data) => {
    const validate = validators.get(schemaId);
    if (validate === undefined) return [`no schema ${schemaId} is published`];
    if (validate(data)) return [];
    const errors = validate.errors ?? [];
    return errors.map(({ instancePath, message }) => `${schemaId}${instancePath} ${message}`);
  };
}
