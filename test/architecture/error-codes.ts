// Finds every closed list of error codes and reasons in the libraries, and what docs/errors.md says of them.
import ts from 'typescript';

/** A documented list: the name of its type and its codes. */
export interface CodeList {
  readonly name: string;
  readonly codes: readonly string[];
}

/** An exported string union with such a name is a list of codes: what a caller, a log or an answer names. */
const nameOfList = /(ErrorCode|Reason|Problem)$/;

/**
 * The lists of codes in the files, by the compiler's own reading of their types, so that it does not matter
 * how they are written. Packages are left unresolved, which keeps this to a second.
 */
export function codeLists(files: readonly string[], options: ts.CompilerOptions): CodeList[] {
  const host = ownModulesHost(options);
  const program = ts.createProgram({ rootNames: files, options: { ...options, types: [] }, host });
  const checker = program.getTypeChecker();
  const lists = files.flatMap((file) => {
    const aliases = program.getSourceFile(file)?.statements.filter(ts.isTypeAliasDeclaration) ?? [];
    return aliases.filter(isList).map(({ name }) => {
      return { name: name.text, codes: literals(checker.getTypeAtLocation(name)) };
    });
  });
  return lists.filter(({ codes }) => codes.length > 0);
}

/** A compiler host that resolves our own modules only. */
function ownModulesHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (names, file) =>
    names.map(({ text }) =>
      /^(\.|@sallyport\/)/.test(text)
        ? ts.resolveModuleName(text, file, options, host)
        : { resolvedModule: undefined },
    );
  return host;
}

function isList(alias: ts.TypeAliasDeclaration): boolean {
  const exported = alias.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
  return exported && nameOfList.test(alias.name.text);
}

function literals(type: ts.Type): string[] {
  const parts = type.isUnion() ? type.types : [type];
  return parts.flatMap((part) => (part.isStringLiteral() ? [part.value] : [])).sort();
}

/**
 * The lists in a page: a heading with the type's name, and below it a row with a meaning for each code. A
 * line "Includes `OtherReason`." stands for the rows of a list that is above it in the page.
 */
export function documentedLists(page: string): CodeList[] {
  const lists: CodeList[] = [];
  for (const section of page.split(/^## /m).slice(1)) {
    const rows = [...section.matchAll(/^\| `([^`]+)` \| [^|\s][^|]* \|$/gm)].map((row) => row[1] ?? '');
    const included = [...section.matchAll(/^Includes `(\w+)`\.$/gm)].flatMap((line) => {
      return lists.find(({ name }) => name === line[1])?.codes ?? [];
    });
    lists.push({ name: /^`?(\w+)/.exec(section)?.[1] ?? '', codes: [...rows, ...included].sort() });
  }
  return lists;
}

/** Where the code and the page differ, both ways; empty when they agree. */
export function differences(code: readonly CodeList[], page: readonly CodeList[]): string[] {
  const coded = new Set(code.flatMap(({ name, codes }) => codes.map((one) => `${name} ${one}`)));
  const written = new Set(page.flatMap(({ name, codes }) => codes.map((one) => `${name} ${one}`)));
  return [
    ...[...coded].filter((one) => !written.has(one)).map((one) => `not in the documentation: ${one}`),
    ...[...written].filter((one) => !coded.has(one)).map((one) => `not in the code: ${one}`),
  ];
}
