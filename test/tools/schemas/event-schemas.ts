// The JSON Schema of each event type's data in its current version, and where the published ones are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalogue } from '@sallyport/core-session';
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
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const settings = { ...config, include: [], files: [source] };
  const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, root);
  const program = ts.createProgram([source], { ...options, types: [], noEmit: true });
  const checker = program.getTypeChecker();
  const files: Record<string, Schema> = {};
  for (const event of eventTypes(program.getSourceFile(source) as ts.SourceFile, checker)) {
    const { value: type } = memberType(event, 'type', checker) as ts.StringLiteralType;
    const version = (eventCatalogue as Readonly<Record<string, number>>)[type];
    if (version === undefined) throw new Error(`${type} is in no catalogue`);
    files[`${type}.v${version}.json`] = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: schemaId(type, version),
      title: `${type}, version ${version}`,
      ...schemaOfType(memberType(event, 'data', checker), checker),
    };
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

function eventTypes(source: ts.SourceFile, checker: ts.TypeChecker): readonly ts.Type[] {
  const alias = source.statements.find((statement) => {
    return ts.isTypeAliasDeclaration(statement) && statement.name.text === 'SallyportEvent';
  });
  const union = checker.getTypeAtLocation((alias as ts.TypeAliasDeclaration).name);
  return union.isUnion() ? union.types : [union];
}

function memberType(type: ts.Type, name: string, checker: ts.TypeChecker): ts.Type {
  const member = checker.getPropertyOfType(type, name);
  if (member === undefined) throw new Error(`an event without ${name}`);
  return checker.getTypeOfSymbol(member);
}
