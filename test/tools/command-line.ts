// How every tool's command line begins: --help prints the help, a wrong option what is wrong with it too.

const exitUsage = 64;

interface Asked {
  readonly help: boolean;
}

export interface Tool<Options> {
  readonly help: string;
  /** The options, or what is wrong with them. What it throws is taken for what is wrong. */
  readonly readOptions: () => Options | string;
  /** Resolves with the exit code. */
  readonly run: (options: Options) => Promise<number>;
}

/** Runs the tool and sets this process's exit code: its own, or 64 (EX_USAGE) when it was called wrong. */
export async function runTool<Options extends Asked>(tool: Tool<Options>): Promise<void> {
  const options = read(tool);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${tool.help}`);
    process.exitCode = exitUsage;
    return;
  }
  if (options.help) process.stdout.write(tool.help);
  else process.exitCode = await tool.run(options);
}

function read<Options>({ readOptions }: Tool<Options>): Options | string {
  try {
    return readOptions();
  } catch (error) {
    return (error as Error).message;
  }
}
