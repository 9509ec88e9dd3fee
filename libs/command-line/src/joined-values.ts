// Values of options that begin with a dash, as one id in 64 does.

/**
 * The arguments with such values joined to their options (`--id -x` to `--id=-x`): else they were taken for
 * options. `names` are the options there are, without dashes.
 */
export function joinedValues(args: readonly string[], names: readonly string[]): string[] {
  const isOption = (arg: string): boolean => names.includes(arg.replace(/^--|=.*$/g, ''));
  const texts: string[] = [];
  for (const arg of args) {
    const before = texts.at(-1) ?? '';
    const isValue = arg.startsWith('-') && !isOption(arg) && isOption(before) && !before.includes('=');
    if (isValue) texts[texts.length - 1] = `${before}=${arg}`;
    else texts.push(arg);
  }
  return texts;
}
