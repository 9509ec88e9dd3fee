// JSON Schemas (draft 7) of the compiler's own types: what the code can write is what is published.
import ts from 'typescript';

export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** The schema of a type, with those of the named types in it under `definitions`. */
export function schemaOfType(type: ts.Type, checker: ts.TypeChecker): Schema {
  const writer = new SchemaWriter(checker);
  const schema = writer.inline(type);
  const definitions = Object.fromEntries([...writer.named].sort(([a], [b]) => (a < b ? -1 : 1)));
  return Object.keys(definitions).length === 0 ? schema : { ...schema, definitions };
}

class SchemaWriter {
  readonly named = new Map<string, Schema>();

  constructor(private readonly checker: ts.TypeChecker) {}

  /** The type's schema, or a reference to it where the type has a name. */
  of(type: ts.Type): Schema {
    const name = nameOf(type);
    if (name === undefined) return this.inline(type);
    if (!this.named.has(name)) {
      // Stands for itself while it is written, in case it is part of itself.
      this.named.set(name, {});
      this.named.set(name, this.inline(type));
    }
    return { $ref: `#/definitions/${name}` };
  }

  inline(type: ts.Type): Schema {
    const { flags } = type;
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: this.checker.typeToString(type) === 'true' };
    if (type.isUnion()) return this.union(type);
    if (flags & ts.TypeFlags.String) return { type: 'string' };
    if (flags & ts.TypeFlags.Number) return { type: 'number' };
    if (flags & ts.TypeFlags.Null) return { type: 'null' };
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      return { type: 'array', items: this.of(item as ts.Type) };
    }
    if (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.object(type);
    throw new Error(`no schema for ${this.checker.typeToString(type)}`);
  }

  private union(union: ts.UnionType): Schema {
    const types = union.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const [only] = types;
    if (types.length === 1 && only !== undefined) return this.of(only);
    if (types.every((type) => type.isStringLiteral())) {
      return { type: 'string', enum: types.map((type) => type.value).sort() };
    }
    const isBoolean = (type: ts.Type): boolean => (type.flags & ts.TypeFlags.BooleanLiteral) !== 0;
    const others = types.filter((type) => !isBoolean(type)).map((type) => this.of(type));
    const truths = types.filter(isBoolean);
    const single = truths.map((one) => this.of(one));
    const booleans: Schema[] = truths.length === 2 ? [{ type: 'boolean' }] : single;
    const any = [...others, ...booleans].sort(byText);
    return any.length === 1 ? (any[0] as Schema) : { anyOf: any };
  }

  private object(type: ts.Type): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const property of this.checker.getPropertiesOfType(type)) {
      const schema = this.of(this.checker.getTypeOfSymbol(property));
      const said = ts.displayPartsToString(property.getDocumentationComment(this.checker)).trim();
      properties[property.name] = said === '' ? schema : described(schema, said);
      if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
    }
    const index = this.checker.getIndexTypeOfType(type, ts.IndexKind.String);
    return {
      type: 'object',
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
      ...(required.length === 0 ? {} : { required: required.sort() }),
      ...(index === undefined ? {} : { additionalProperties: this.of(index) }),
    };
  }
}

/** Beside a reference a draft-7 reader ignores everything: the description goes around it. */
function described(schema: Schema, said: string): Schema {
  const description = said.replaceAll(/\s+/g, ' ');
  return schema.$ref === undefined ? { description, ...schema } : { description, anyOf: [schema] };
}

function nameOf(type: ts.Type): string | undefined {
  const isObject = (type.flags & ts.TypeFlags.Object) !== 0 && type.symbol?.flags & ts.SymbolFlags.Interface;
  const name = type.aliasSymbol?.name ?? (isObject ? type.symbol.name : undefined);
  const isGeneric = name?.endsWith('Array') === true || (type.aliasTypeArguments?.length ?? 0) > 0;
  return isGeneric ? undefined : name;
}

function byText(a: Schema, b: Schema): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
