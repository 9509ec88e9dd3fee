// `npm run drill`: plays losses, thefts and revocations against a service, and checks what its ledger tells.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { Report } from '../report.js';
import { copies } from './copies.js';
import { evidence } from './evidence.js';
import { journeys } from './journeys.js';
import { lostAnswers } from './lost-answers.js';
import { hasPlaces } from './judgement.js';
import { revocations } from './revocations.js';
import { Stage, type Scenario } from './stage.js';
import { LedgerView } from '../target/ledger.js';
import { Operator } from '../target/operator.js';
import { StackFile, type StackState } from '../stack/stack-file.js';
import { StackTarget } from '../target/stack-target.js';
import { OwnTarget, Target } from '../target/target.js';
import { thieves } from './thieves.js';

const scenarios: readonly Scenario[] = [
  ...lostAnswers,
  ...copies,
  ...thieves,
  ...revocations,
  ...evidence,
  ...journeys,
];

const help = `npm run drill [-- options]
  --issuer URL --data-dir DIR   play against this running service (both, or neither: then one is started)
  --admin-url URL --admin-credential-file FILE
                                its operators' listener, for a service of several machines; its ledger is
                                read where SALLYPORT_EVENTSTORE_URL says, and --data-dir may be left out
  --stack DIR                   the service that npm run stack started there: what is everybody's may be
                                changed, its clock moved, its bus written to
  --only NAME                   play this scenario; may be repeated
  --json                        one JSON document on standard output (use npm run -s)
  --help

Scenarios (* needs a service started with SALLYPORT_TEST_CLOCK=1, @ with SALLYPORT_TRUSTED_PROXIES=127.0.0.1,
+ with SALLYPORT_TEST_BUS=1, ! one that the drill starts):
${scenarios.map(listed).join('\n')}
`;

function listed({ name, title, needsClock, needsPlaces, needsBus, needsOwn }: Scenario): string {
  const marks = [needsClock && '*', needsPlaces && '@', needsBus && '+', needsOwn && '!'].filter(Boolean);
  return `  ${[name, ...marks].join(' ')}\n      ${title}`;
}

/** Places and a bus; the clock can be moved anyway. */
const ownSettings = { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1', SALLYPORT_TEST_BUS: '1' };

await runTool({ help, readOptions, run });

async function run(options: Options): Promise<number> {
  const report = new Report({ tool: 'drill', json: options.json });
  const { issuer, stack } = options;
  const isNew = issuer === undefined && stack === undefined;
  report.say(isNew ? 'starting a service of its own' : `playing against ${issuer ?? 'the stack'}`);
  const target = isNew ? await OwnTarget.start({ env: ownSettings }) : targetOf(issuer ?? '', options);
  try {
    await play(options.chosen, target, report);
  } finally {
    await target.stop();
  }
  return report.finish();
}

function targetOf(issuer: string, { dataDir = '', admin, stack }: Options): Target {
  if (stack !== undefined) return StackTarget.of(stack);
  if (admin === undefined) return new Target(issuer, dataDir);
  const operator = Operator.at(admin.url, admin.credentialFile);
  return new Target(issuer, dataDir, { operator, ledger: LedgerView.at(admin.eventStoreUrl) });
}

async function play(chosen: readonly Scenario[], target: Target, report: Report): Promise<void> {
  const stage = await Stage.build(target, report);
  const lacks = await lacksOf(target, stage);
  // Those that move the clock come last: what they leave behind is days away for everybody else.
  for (const scenario of chosen.toSorted((a, b) => Number(a.needsClock ?? 0) - Number(b.needsClock ?? 0))) {
    report.group(scenario.name, scenario.title);
    const lack = lacks.find(([need]) => scenario[need] === true);
    if (lack !== undefined) {
      report.skip(scenario.title, lack[1]);
      continue;
    }
    await scenario.play(stage).catch((error: unknown) => {
      report.check(
        'plays to its end',
        false,
        error instanceof Error ? (error.stack ?? error.message) : error,
      );
    });
  }
}

type Need = 'needsClock' | 'needsPlaces' | 'needsBus' | 'needsOwn';

/** What the service cannot do, with the reason. */
async function lacksOf(target: Target, stage: Stage): Promise<(readonly [Need, string])[]> {
  const { operator } = target;
  const can: readonly (readonly [Need, boolean, string])[] = [
    [
      'needsClock',
      await operator.canAdvanceClock(),
      'the clock of this service cannot be moved (SALLYPORT_TEST_CLOCK=1)',
    ],
    [
      'needsPlaces',
      await hasPlaces(stage),
      'this service trusts no proxy on this machine (SALLYPORT_TRUSTED_PROXIES=127.0.0.1)',
    ],
    ['needsBus', await target.canWriteToBus(), 'this service takes no events (SALLYPORT_TEST_BUS=1)'],
    ['needsOwn', target.isOwn, "the rules are not the drill's own to change"],
  ];
  return can.filter(([, holds]) => !holds).map(([need, , reason]) => [need, reason] as const);
}

interface Options {
  readonly issuer?: string;
  readonly dataDir?: string;
  readonly admin?: {
    readonly url: string;
    readonly credentialFile: string;
    readonly eventStoreUrl: string;
  };
  readonly stack?: StackState;
  readonly chosen: readonly Scenario[];
  readonly json: boolean;
  readonly help: boolean;
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values } = parseArgs({
    options: {
      issuer: { type: 'string' },
      'data-dir': { type: 'string' },
      'admin-url': { type: 'string' },
      'admin-credential-file': { type: 'string' },
      stack: { type: 'string' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { issuer, 'data-dir': dataDir, only = [], json, help: wanted } = values;
  const { 'admin-url': url, 'admin-credential-file': credentialFile } = values;
  const eventStoreUrl = process.env['SALLYPORT_EVENTSTORE_URL'];
  if ((url === undefined) !== (credentialFile === undefined)) {
    return '--admin-url and --admin-credential-file go together.';
  }
  if (url !== undefined && (issuer === undefined || eventStoreUrl === undefined)) {
    return '--admin-url needs --issuer, and SALLYPORT_EVENTSTORE_URL in the environment.';
  }
  if (url === undefined && (issuer === undefined) !== (dataDir === undefined)) {
    return '--issuer and --data-dir go together.';
  }
  const admin = url && credentialFile && eventStoreUrl ? { url, credentialFile, eventStoreUrl } : undefined;
  if (values.stack !== undefined && issuer !== undefined) return '--stack names the issuer by itself.';
  const stack = values.stack === undefined ? undefined : new StackFile(resolve(values.stack)).read();
  const unknown = only.find((name) => scenarios.every((scenario) => scenario.name !== name));
  if (unknown !== undefined) return `There is no scenario "${unknown}".`;
  const chosen = scenarios.filter(({ name }) => only.length === 0 || only.includes(name));
  return { issuer, dataDir, admin, stack, chosen, json, help: wanted };
}
