// Answers as people read them.
import type { AccountAt, Findings, RefreshAnswer, RowDifference } from '@sallyport/feature-auditor';
import type { SessionAt, SignedAnchor, TimelineLine, ViewFindings } from '@sallyport/feature-auditor';

/** What is printed comes from the ledger: it must not move the cursor of a terminal. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

export function stateWords(at: AccountAt): string {
  const acting = at.sessions.filter(({ standing }) => standing.status === 'active');
  const ended = at.sessions.filter(({ standing }) => standing.status !== 'active');
  const { account } = at;
  const signIn = { accepted: 'let in', locked: 'refused: locked', no_account: 'refused: no such account' };
  const lines = [
    `account ${at.accountId} at ${at.instant || 'the beginning'}, position ${at.position}`,
    `account    ${account === undefined ? 'not opened' : `${account.status}, opened ${account.openedAt}`}`,
    `sign-in    with the right password: ${signIn[at.signIn]}`,
    ...(account?.devices ?? []).map(({ id, clientId, linkedAt }) => {
      return `device     ${id} of ${clientId}, linked ${linkedAt}`;
    }),
    ...(acting.length === 0 ? ['could act  nobody'] : acting.map((one) => `could act  ${sessionWords(one)}`)),
    ...ended.map((one) => `could not  ${sessionWords(one)}`),
  ];
  return `${lines.map(plain).join('\n')}\n`;
}

function sessionWords({ sessionId, state, lastUsedAt, standing, refresh, holds }: SessionAt): string {
  const { network, deviceId, clientId, startedAt, expiresAt, idleExpiresAt } = state;
  const place = [network?.country, network?.asn === null ? undefined : network?.asn, network?.kind];
  const from = network === undefined ? '' : ` from ${place.filter((part) => part !== undefined).join(' ')}`;
  const ends = expiresAt < idleExpiresAt ? expiresAt : idleExpiresAt;
  const why = standing.status === 'active' ? `until ${ends}` : standing.reason;
  const device = deviceId === undefined ? 'as bearer, without a device' : `on device ${deviceId}`;
  return [
    `session ${sessionId} of ${clientId} ${device}: ${why};`,
    `started ${startedAt}, last used ${lastUsedAt}${from};`,
    `a refresh ${refreshWords(refresh)}`,
    ...holds.map(({ rule, reason }) => {
      return `; sensitive actions held${rule === undefined ? '' : ` by ${rule}`}: ${reason}`;
    }),
  ]
    .join(' ')
    .replaceAll(' ;', ';');
}

function refreshWords(answer: RefreshAnswer): string {
  switch (answer.outcome) {
    case 'tokens':
      return 'would have got tokens';
    case 'no_refresh_token':
      return 'was not possible: it had no refresh token';
    case 'invalid_grant':
      return `would have got invalid_grant${answer.reason === undefined ? '' : `, reason ${answer.reason}`}`;
    default:
      return neverAnswer(answer);
  }
}

export function timelineWords(lines: readonly TimelineLine[]): string {
  const text = lines.map(({ position, at, sentence, count, until, sessionId }) => {
    const more = count === undefined ? '' : ` ${count} times, last at ${until}.`;
    const session = sessionId === undefined ? '' : ` [session ${sessionId}]`;
    return `${at}  ${position.padStart(8)}  ${sentence}${more}${session}`;
  });
  return text.length === 0 ? 'nothing\n' : `${text.map(plain).join('\n')}\n`;
}

export function replayWords(found: ViewFindings): string {
  const { events, views, differenceCount, differences, problems } = found;
  const more = differenceCount - differences.length;
  const lines = [
    `${events} events folded again`,
    ...views.map(({ view, generation, position, rows, differing }) => {
      return `  ${view} ${generation} at position ${position}: ${rows} rows, ${differing} differ`;
    }),
    ...differences.map(differenceWords),
    ...(more > 0 ? [`  and ${more} more rows`] : []),
    ...problems.map((problem) => `  ${problem}`),
    differenceCount + problems.length === 0 ? 'holds' : 'differs',
  ];
  return `${lines.map(plain).join('\n')}\n`;
}

function differenceWords({ view, key, live, rebuilt, members }: RowDifference): string {
  const row = `  ${view} ${key}`;
  if (live === undefined) return `${row} is missing`;
  if (rebuilt === undefined) return `${row} should not be there`;
  return `${row} differs in ${members.join(', ')}`;
}

export function verifyWords(found: Findings & { anchor?: SignedAnchor; keyExpected?: boolean }): string {
  const { problemCount, problems, anchor, keyExpected } = found;
  const more = problemCount - problems.length;
  const taken = `, as anchored on ${anchor?.takenAt} up to position ${anchor?.position}`;
  const anchored = anchor === undefined ? '' : taken;
  const verdict = problemCount === 0 ? `holds${anchored}` : `differs: ${problemCount} found`;
  const anyKey = 'The key that signed the anchor was not compared with one you know: name it with --key.';
  const lines = [
    extentWords(found),
    ...problems.map((problem) => `  ${problem}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(anchor !== undefined && keyExpected !== true ? [anyKey] : []),
    verdict,
  ];
  return `${lines.map(plain).join('\n')}\n`;
}

/** An anchor that was taken, and with which key. */
export interface TakenAnchor extends SignedAnchor {
  readonly file: string;
  readonly signingKeyFile: string;
  readonly keyIsNew: boolean;
}

export function anchorWords(anchor: TakenAnchor): string {
  const { file, publicKey, signingKeyFile, keyIsNew } = anchor;
  const lines = [
    `${file}: ${extentWords(anchor)}`,
    `public key ${publicKey}`,
    ...(keyIsNew ? [`The private key was made now: ${signingKeyFile}`] : []),
    'Keep the file and the public key where those who keep the ledger cannot write.',
  ];
  return `${lines.join('\n')}\n`;
}

function extentWords(extent: Pick<Findings, 'events' | 'streams' | 'position' | 'recordedAt'>): string {
  const { events, streams, position, recordedAt } = extent;
  return `${events} events in ${streams} streams, up to position ${position} of ${recordedAt || 'no time'}`;
}

export interface WrittenExport {
  readonly file: string;
  readonly events: number;
  /** Of the file, in hex. */
  readonly sha256: string;
}

export function exportWords({ file, events, sha256 }: WrittenExport): string {
  return `${file}: ${events} events\nSHA-256 ${sha256}\n`;
}

function neverAnswer(answer: never): never {
  throw new Error(`unknown answer ${JSON.stringify(answer)}`);
}
