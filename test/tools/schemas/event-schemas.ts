// The JSON Schema of each event type's data and of each record of standings, and where published ones are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalogue } from '@sallyport/core-session';
import { standingVersion } from '@sallyport/core-views';
import { schemaId } from '@sallyport/engine';
import ts from 'typescript';
import { repositoryRoot } from '../repository.js';
import { schemaOfType } from './type-schema.js';
import type { Schema } from './type-schema.js';

/** `<type>.v<version>.json` -> schema. */
export type SchemaFiles = Readonly<Record<string, Schema>>;

export const schemaFolder = join(repositoryRoot(), 'docs', 'schemas');

/** The schemas of what the code writes today. */
export function currentSchemas(): SchemaFiles {
  const root = repositoryRoot();
  const source = join(root, 'libs', 'core-session', 'src', 'catalogue.ts');
  const records = join(root, 'libs', 'core-views', 'src', 'standing-records.ts');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const settings = { ...config, include: [], files: [source, records] };
  const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, root);
  const program = ts.createProgram([source, records], { ...options, types: [], noEmit: true });
  const checker = program.getTypeChecker();
  const files: Record<string, Schema> = {};
  for (const event of eventTypes(program.getSourceFile(source) as ts.SourceFile, checker)) {
    const { value: type } = memberType(event, 'type', checker) as ts.StringLiteralType;
    const version = (eventCatalogue as Readonly<Record<string, number>>)[type];
    if (version === undefined) throw new Error(`${type} is in no catalogue`);
    const data = memberType(event, 'data', checker);
    files[`${type}.v${version}.json`] = schemaFile(type, version, schemaOfType(data, checker));
  }
  const messages = typeNamed(program.getSourceFile(records) as ts.SourceFile, 'StandingMessages', checker);
  for (const { name } of checker.getPropertiesOfType(messages)) {
    const value = memberType(messages, name, checker);
    const schema = schemaOfType(value, checker);
    files[`${name}.v${standingVersion}.json`] = schemaFile(name, standingVersion, schema);
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The schemas that are published; older versions stay among them. */
export function publishedSchemas(): SchemaFiles {
  if (!existsSync(schemaFolder)) return {};
  const names = readdirSync(schemaFolder).sort();
  const read = (name: string): Schema => JSON.parse(readFileSync(join(schemaFolder, name), 'utf8')) as Schema;
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

function schemaFile(type: string, version: number, schema: Schema): Schema {
  const [$schema, $id] = ['http://json-schema.org/draft-07/schema#', schemaId(type, version)];
  return { $schema, $id, title: `${type}, version ${version}`, ...schema };
}

function eventTypes(source: ts.SourceFile, checker: ts.TypeChecker): readonly ts.Type[] {
  const union = typeNamed(source, 'SallyportEvent', checker);
  return union.isUnion() ? union.types : [union];
}

function typeNamed(source: ts.SourceFile, name: string, checker: ts.TypeChecker): ts.Type {
  for (const statement of source.statements) {
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    if (isType && statement.name.text === name) return checker.getTypeAtLocation(statement.name);
  }
  throw new Error(`no type ${name}`);
}

function memberType(type: ts.Type, name: string, checker: ts.TypeChecker): ts.Type {
  const member = checker.getPropertyOfType(type, name);
  if (member === undefined) throw new Error(`an event without ${name}`);
  return checker.getTypeOfSymbol(member);
}
