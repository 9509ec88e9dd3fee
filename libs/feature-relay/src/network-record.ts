// Which events tell of a network, and their records for rules that look across accounts.
import type { BusRecord, JsonObject, RecordedEvent } from '@sallyport/engine';
import { eventHeaders } from '@sallyport/engine';

/** The events whose state's network is where they themselves came from; others say it beside the state. */
const ownState: readonly string[] = ['session.started', 'session.refresh-rotated'];

/** The tag of the day of the network that the event came from, if it says one. */
export function dayTagOf({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): string | undefined {
  const state = ownState.includes(type) ? membersOf(data['state']) : {};
  const { dayTag } = membersOf(data['network'] ?? state['network']);
  return typeof dayTag === 'string' ? dayTag : undefined;
}

/** The event's record keyed by its network, without its personal part; none for an event without one. */
export function networkRecords(
  event: RecordedEvent,
  { topic, source }: { readonly topic: string; readonly source: string },
): BusRecord[] {
  const key = dayTagOf(event);
  if (key === undefined) return [];
  const { personal: _personal, ...rest } = event;
  return [{ topic, key, headers: eventHeaders(rest, source), value: JSON.stringify(event.data) }];
}

function membersOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
