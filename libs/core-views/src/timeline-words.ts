// How one type of event is told, and the turns of phrase that sentences share.
import type { SallyportEvent } from '@sallyport/core-session';
import type { Happening, Names } from './timeline-rows.js';

/** How a type of event is told: what is kept of it, and the sentence. */
export interface Teller {
  /** Why it makes no row of the timeline; a row each where this is absent. */
  readonly unlisted?: string;
  details(data: object): object;
  say(told: Happening, names: Names): string;
}

interface TypedTeller<Event extends SallyportEvent, Details extends object> {
  readonly unlisted?: string;
  details(data: Event['data']): Details;
  say(told: Happening<Details>, names: Names): string;
}

/** A teller whose parts agree on what is kept. */
export function teller<Event extends SallyportEvent>() {
  return <Details extends object>(typed: TypedTeller<Event, Details>): Teller => typed as unknown as Teller;
}

export const nothing = (): object => ({});

/** ` with Example Wallet on the device “iPhone” from Switzerland`, as far as known. */
export function scene({ clientId, deviceId, country }: Happening, names: Names): string {
  return [
    clientId === undefined ? '' : ` with ${names.client(clientId)}`,
    deviceId === undefined ? '' : ` on ${names.device(deviceId)}`,
    country === undefined ? '' : ` from ${names.country(country)}`,
  ].join('');
}

/** ` of Example Wallet on the device “iPhone”`, as far as known. */
export function ofSession({ clientId, deviceId }: Happening, names: Names): string {
  const client = clientId === undefined ? '' : ` of ${names.client(clientId)}`;
  return `${client}${deviceId === undefined ? '' : ` on ${names.device(deviceId)}`}`;
}

/** ` by an operator`; nothing where the account's owner acted. */
export function byWhom({ by }: Happening, { audience }: Names): string {
  const named = audience === 'operator' && by.id !== undefined ? ` ${by.id}` : '';
  switch (by.kind) {
    case 'operator':
      return named === '' ? ' by an operator' : ` by operator${named}`;
    case 'rule':
      return named === '' ? ' by the service' : ` by the rule${named}`;
    case 'service':
    case 'system':
      return ' by the service';
    default:
      return '';
  }
}

/** `: stolen phone`, for those whom it is for. */
export function because(reason: string | undefined, { audience }: Names): string {
  return audience === 'operator' && reason !== undefined ? `: ${reason}` : '';
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** ` 3 times`; nothing for once. */
export function times(count: number): string {
  return count > 1 ? ` ${count} times` : '';
}
