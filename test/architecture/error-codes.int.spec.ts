// Holds docs/errors.md and the error codes in the libraries against each other, in both directions.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { codeLists, differences, documentedLists } from './error-codes.js';
import { plantedProject, root, sourceFiles } from './workspace.js';

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
};

const planted = `// Codes in each way that they are written here.
const list = ['a_one', 'a_two'] as const;
export type ListErrorCode = (typeof list)[number];
export type UnionReason = 'b_one' | 'b_two';
export type WiderReason = UnionReason | 'c_one';
const table = { d_one: 400, d_two: 500 };
export type TableProblem = keyof typeof table;
type Inner = 'hidden';
export type Other = Inner;
`;

describe('documented error codes', () => {
  it('finds a code however its type is written', () => {
    const project = plantedProject({ 'libs/x/src/errors.ts': planted });
    try {
      const lists = codeLists([join(project.path, 'libs/x/src/errors.ts')], options);
      expect(lists).toEqual([
        { name: 'ListErrorCode', codes: ['a_one', 'a_two'] },
        { name: 'UnionReason', codes: ['b_one', 'b_two'] },
        { name: 'WiderReason', codes: ['b_one', 'b_two', 'c_one'] },
        { name: 'TableProblem', codes: ['d_one', 'd_two'] },
      ]);
    } finally {
      project.dispose();
    }
  });

  it('catches a code that is not documented, and a documented one that is gone', () => {
    const page = '## XReason\n\n| code | meaning |\n|---|---|\n| `gone` | Was. |\n| `kept` | Is. |\n';
    expect(differences([{ name: 'XReason', codes: ['kept', 'new'] }], documentedLists(page))).toEqual([
      'not in the documentation: XReason new',
      'not in the code: XReason gone',
    ]);
  });

  it('counts the codes of a list that another one includes', () => {
    const first = '## AReason\n\n| `one` | First. |\n\n';
    const page = `${first}## BReason\n\nIncludes \`AReason\`.\n\n| \`two\` | Second. |\n`;
    expect(documentedLists(page)[1]).toEqual({ name: 'BReason', codes: ['one', 'two'] });
  });

  it('catches a code that is listed without a meaning', () => {
    expect(documentedLists('## XReason\n\n| `bare` |  |\n')).toEqual([{ name: 'XReason', codes: [] }]);
  });

  it('holds: docs/errors.md lists exactly the codes there are', () => {
    const paths = { '@sallyport/*': [join(root, 'libs/*/src/index.ts')] };
    const files = sourceFiles('libs').filter(({ path }) => !/\.spec\.ts$|^libs\/testing\//.test(path));
    const lists = codeLists(files.map(({ path }) => join(root, path)), { ...options, paths });
    const page = documentedLists(readFileSync(join(root, 'docs/errors.md'), 'utf8'));
    expect(lists.length).toBeGreaterThan(2);
    expect(differences(lists, page)).toEqual([]);
  });
});
