// Whether those who read events by a published schema can read what the code writes now, and the code what
// was written before.
import type { SchemaFiles } from './event-schemas.js';
import type { Schema } from './type-schema.js';

/**
 * What the new schemas take away from the published ones, a sentence each. Allowed are new types, new members
 * that may be absent, and new values in closed lists: readers pass over members and values they do not know.
 */
export function incompatibilities(published: SchemaFiles, current: SchemaFiles): string[] {
  return Object.entries(published).flatMap(([name, before]) => {
    const after = current[name];
    if (after === undefined) return isOlderVersion(name, current) ? [] : [`${name}: the type is gone`];
    return new Comparison(before, after).faults({ before, after, path: name });
  });
}

/** A version that is written no more stays published, for those who read old events. */
function isOlderVersion(name: string, current: SchemaFiles): boolean {
  const type = name.replace(/\.v\d+\.json$/, '');
  return Object.keys(current).some((other) => other.replace(/\.v\d+\.json$/, '') === type);
}

interface Pair {
  readonly before: Schema;
  readonly after: Schema;
  readonly path: string;
}

class Comparison {
  private readonly seen = new Set<string>();

  constructor(
    private readonly before: Schema,
    private readonly after: Schema,
  ) {}

  faults({ path, ...pair }: Pair): string[] {
    const before = resolve(pair.before, this.before);
    const after = resolve(pair.after, this.after);
    const same = `${JSON.stringify(pair.before)} ${JSON.stringify(pair.after)}`;
    if (pair.before.$ref !== undefined && this.seen.has(same)) return [];
    this.seen.add(same);
    if (before.anyOf !== undefined || after.anyOf !== undefined) return this.choices({ before, after, path });
    if (kindOf(before) !== kindOf(after)) {
      return [`${path}: was ${kindOf(before)}, is ${kindOf(after)}`];
    }
    const pairs = { before, after, path };
    return [...listFaults(pairs), ...this.members(pairs), ...this.parts(pairs)];
  }

  private members({ before, after, path }: Pair): string[] {
    const faults: string[] = [];
    for (const [name, member] of Object.entries(before.properties ?? {})) {
      const now = after.properties?.[name];
      const at = `${path}/${name}`;
      if (now === undefined) {
        faults.push(`${at}: is gone`);
        continue;
      }
      if (isRequired(before, name) && !isRequired(after, name)) faults.push(`${at}: may be absent now`);
      faults.push(...this.faults({ before: member, after: now, path: at }));
    }
    for (const name of after.required ?? []) {
      if (!isRequired(before, name)) faults.push(`${path}/${name}: has to be there now, and was not before`);
    }
    return faults;
  }

  /** Each of the shapes there were has to be one of those there are; new ones may come. */
  private choices({ before, after, path }: Pair): string[] {
    const now = after.anyOf ?? [after];
    return (before.anyOf ?? [before]).flatMap((shape) => {
      const fits = now.some((other) => this.fresh({ before: shape, after: other, path }).length === 0);
      return fits ? [] : [`${path}: ${JSON.stringify(shape)} is gone or narrowed`];
    });
  }

  private parts({ before, after, path }: Pair): string[] {
    const faults: string[] = [];
    for (const part of ['items', 'additionalProperties'] as const) {
      const [was, is] = [before[part], after[part]];
      if (was === undefined) continue;
      if (is === undefined) faults.push(`${path}: says nothing of its ${part} any more`);
      else faults.push(...this.faults({ before: was, after: is, path: `${path}/*` }));
    }
    return faults;
  }

  /** Compares without what was compared before, as a choice that did not fit is compared again. */
  private fresh(pair: Pair): string[] {
    return new Comparison(this.before, this.after).faults(pair);
  }
}

function listFaults({ before, after, path }: Pair): string[] {
  const [were, are] = [valuesOf(before), valuesOf(after)];
  if (were.length === 0) return are.length === 0 ? [] : [`${path}: is narrowed to a list`];
  if (are.length === 0) return [];
  return were.filter((value) => !are.includes(value)).map((value) => `${path}: the value ${value} is gone`);
}

function resolve(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.replace('#/definitions/', '');
  if (name !== undefined) return resolve(root.definitions?.[name] ?? {}, root);
  // A description around a reference.
  const [only, ...others] = schema.anyOf ?? [];
  return only !== undefined && others.length === 0 ? resolve(only, root) : schema;
}

function kindOf({ type, const: value }: Schema): string {
  if (type !== undefined) return type;
  return value === null ? 'null' : typeof value;
}

function valuesOf(schema: Schema): readonly unknown[] {
  return schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
}

function isRequired({ required = [] }: Schema, name: string): boolean {
  return required.includes(name);
}
