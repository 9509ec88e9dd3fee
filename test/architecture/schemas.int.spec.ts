// What is published of the events: made from the code, true of what is written, and never taken back.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { asyncApiOf } from '../tools/schemas/async-api.js';
import { incompatibilities } from '../tools/schemas/compatibility.js';
import { currentSchemas, publishedSchemas } from '../tools/schemas/event-schemas.js';
import type { Schema } from '../tools/schemas/type-schema.js';
import { validatorOf } from '../tools/schemas/validator.js';
import type { Golden } from './golden.js';
import { root } from './workspace.js';

const published = publishedSchemas();
const current = currentSchemas();
const golden = join(root, 'test', 'golden');

describe('the schemas of events', () => {
  it('take nothing away from those who read by the published ones', () => {
    expect(incompatibilities(published, current)).toEqual([]);
  });

  it('are published as the code is: otherwise npm run schemas writes them', () => {
    for (const [name, schema] of Object.entries(current)) expect(published[name]).toEqual(schema);
  });

  it.each(readdirSync(golden))('hold for %s', (name) => {
    const { data } = JSON.parse(readFileSync(join(golden, name), 'utf8')) as Golden;
    const validate = validatorOf(published[name] as Schema);
    expect(validate(data) ? [] : validate.errors).toEqual([]);
  });

  it('hold for nothing that lacks a member or has one of another type', () => {
    const name = 'session.started.v1.json';
    const { data } = JSON.parse(readFileSync(join(golden, name), 'utf8')) as {
      data: { state: Record<string, unknown> };
    };
    const validate = validatorOf(published[name] as Schema);
    const { accountId: _gone, ...less } = data.state;
    for (const state of [less, { ...data.state, generation: '0' }, { ...data.state, status: 'asleep' }]) {
      expect(validate({ state })).toBe(false);
    }
    expect(validate({ state: { ...data.state, fromTheFuture: 1 } })).toBe(true);
  });
});

const one: Schema = {
  type: 'object',
  properties: {
    count: { type: 'number' },
    cause: { type: 'string', enum: ['user', 'operator'] },
    note: { type: 'string' },
    scope: { anyOf: [{ type: 'object', properties: { kind: { const: 'all' } }, required: ['kind'] }] },
    list: { type: 'array', items: { $ref: '#/definitions/Part' } },
  },
  required: ['count', 'cause'],
  definitions: { Part: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
};

function changed(properties: Readonly<Record<string, Schema | undefined>>, required = one.required): Schema {
  const merged = Object.entries({ ...one.properties, ...properties });
  const there = merged.filter((entry): entry is [string, Schema] => entry[1] !== undefined);
  return { ...one, properties: Object.fromEntries(there), required };
}

const part = (schema: Schema): Schema => ({ ...one, definitions: { Part: schema } });
const name = { type: 'string' };
const required = ['name'];

describe('a change of a published schema', () => {
  it.each([
    ['a member that had to be there is gone', changed({ count: undefined }, ['cause'])],
    ['a member that could be there is gone', changed({ note: undefined })],
    ['a member has another type', changed({ count: { type: 'string' } })],
    ['a member may be absent that could not be', changed({}, ['count'])],
    ['a member has to be there that could be absent', changed({}, ['count', 'cause', 'note'])],
    ['a new member has to be there', changed({ more: { type: 'number' } }, ['count', 'cause', 'more'])],
    ['a list of values is shorter', changed({ cause: { type: 'string', enum: ['user'] } })],
    ['a text is narrowed to a list', changed({ note: { type: 'string', enum: ['short'] } })],
    ['a shape is gone', changed({ scope: { anyOf: [{ type: 'string' }] } })],
    ['what is in a list lost a member', part({ type: 'object' })],
    ['what is in a list has another type', part({ type: 'number' })],
  ])('is refused: %s', (_, after) => {
    expect(incompatibilities({ 'a.v1.json': one }, { 'a.v1.json': after })).not.toEqual([]);
  });

  it.each([
    ['nothing changed', one],
    ['a member that may be absent is new', changed({ more: { type: 'number' } })],
    ['a value is new in a list', changed({ cause: { type: 'string', enum: ['operator', 'rule', 'user'] } })],
    ['a shape is new', changed({ scope: { anyOf: [...(one.properties?.['scope']?.anyOf ?? []), name] } })],
    ['what is in a list got a member', part({ type: 'object', properties: { name, x: name }, required })],
  ])('is allowed: %s', (_, after) => {
    expect(incompatibilities({ 'a.v1.json': one }, { 'a.v1.json': after })).toEqual([]);
  });

  it('is refused when a type goes, and allowed when a version is followed by the next', () => {
    expect(incompatibilities({ 'a.v1.json': one }, {})).toEqual(['a.v1.json: the type is gone']);
    const next = { 'a.v2.json': changed({ count: undefined }) };
    expect(incompatibilities({ 'a.v1.json': one }, next)).toEqual([]);
  });
});

describe('the AsyncAPI document', () => {
  const document = JSON.parse(readFileSync(join(root, 'docs', 'asyncapi.json'), 'utf8')) as object;
  const load = createRequire(import.meta.url);
  const specification = load('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(specification);

  it('is the one that the code makes', () => {
    expect(asyncApiOf(published)).toEqual(document);
  });

  it('is valid by the specification, which refuses one that is not', () => {
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...document, asyncapi: '2.6.0' })).toBe(false);
    expect(validate({ ...document, channels: { events: { address: 7 } } })).toBe(false);
  });

  it('has a message for each published schema, and each reference leads somewhere', () => {
    const text = JSON.stringify(document);
    const files = [...text.matchAll(/"\.\/schemas\/([^"]+)"/g)].map((match) => match[1]);
    expect(files.sort()).toEqual(Object.keys(published).sort());
    for (const [, path = ''] of text.matchAll(/"#\/([^"]+)"/g)) {
      const follow = (at: unknown, step: string): unknown => (at as Record<string, unknown>)[step];
      expect(path.split('/').reduce(follow, document as unknown)).toBeDefined();
    }
  });
});
