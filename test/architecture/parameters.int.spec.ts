// Holds every function to three parameters, and shows the check violations and constructors that Nest calls.
import { parameterFaults } from './parameters.js';
import { sourceFiles } from './workspace.js';

const planted = (text: string) => ({ path: 'libs/feature-x/src/a.ts', text: `// Planted.\n${text}\n` });
const four = 'a: A, b: B, c: C, d: D';

describe('the number of parameters', () => {
  it.each([
    `function f(${four}) {}`,
    `export default async function (${four}) {}`,
    `const f = (${four}) => a;`,
    `const f = function (${four}) {};`,
    `const o = { f(${four}) {} };`,
    'function f(a = 1, { b }, [c], ...rest) {}',
    `class C { f(${four}) {} }`,
    `class C { static f = (${four}) => a; }`,
    `abstract class C { abstract f(${four}): void; }`,
    `interface I { f(${four}): void }`,
    `type F = (${four}) => void;`,
    `class C { constructor(${four}) {} }`,
    `@Entity() class C { constructor(${four}) {} }`,
    `@Injectable() class C { f(${four}) {} }`,
    `@Injectable() class C { constructor() { const f = (${four}) => a; } }`,
    `@Controller() class C { @Get() f(@Req() a: A, @Res() b: B, @Query() c: C, @Body() d: D) {} }`,
    `class C { @Injectable() constructor(${four}) {} }`,
  ])('catches %s', (text) => {
    expect(parameterFaults(planted(text))).toEqual(['libs/feature-x/src/a.ts:2 takes 4 parameters, over 3']);
  });

  it.each([
    'function f(a: A, b: B, c: C) {}',
    'const f = (a, b, ...rest) => a;',
    `@Injectable() class C { constructor(${four}) {} }`,
    `@Controller('v1') class C { constructor(private readonly ${four}) {} }`,
    `@CommandHandler(Refresh) export class C implements I { constructor(${four}, e: E) {} }`,
    `@QueryHandler(Read) class C { constructor(${four}) {} }`,
    `@Catch(Error) class C { constructor(${four}) {} }`,
    `@Module({ imports: [] }) class C { constructor(${four}) {} }`,
    `@UseFilters(F) @Controller() class C { constructor(${four}) {} }`,
  ])('lets %s pass', (text) => {
    expect(parameterFaults(planted(text))).toEqual([]);
  });

  it('holds in every file of the project', () => {
    expect(sourceFiles('apps', 'libs', 'test').flatMap(parameterFaults)).toEqual([]);
  });
});
