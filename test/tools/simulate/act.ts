// What everybody in the simulation does is a course of acts in order of time; all courses are merged by time.
import type { Line } from './line.js';

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** A Monday. */
export const startMs = Date.parse('2026-11-02T00:00:00.000Z');

/** One thing somebody does at one time, and the lines that it leaves. */
export interface Act {
  readonly ms: number;
  run(emit: (line: Line) => void): void;
}

/** Acts in order of time, made when they are asked for. */
export type Course = Generator<Act, void, void>;

interface Waiting {
  act: Act;
  readonly course: Course;
  readonly number: number;
}

/** The lines of all courses in order of time; at any time one act of each is in memory. */
export function* merged(courses: Iterable<Course>, untilMs: number): Generator<Line, void, void> {
  const heap: Waiting[] = [];
  let number = 0;
  for (const course of courses) {
    const { value: act } = course.next();
    if (act !== undefined) rise(heap, { act, course, number: (number += 1) });
  }
  let lines: Line[] = [];
  const emit = (line: Line): number => lines.push(line);
  for (let first = heap[0]; first !== undefined && first.act.ms < untilMs; first = heap[0]) {
    first.act.run(emit);
    const { value: act } = first.course.next();
    if (act === undefined) removeFirst(heap);
    else {
      first.act = act;
      sink(heap);
    }
    yield* lines;
    lines = [];
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.act.ms === b.act.ms ? a.number < b.number : a.act.ms < b.act.ms;
}

function rise(heap: Waiting[], one: Waiting): void {
  let at = heap.push(one) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(one, heap[parent] as Waiting)) break;
    heap[at] = heap[parent] as Waiting;
    at = parent;
  }
  heap[at] = one;
}

function removeFirst(heap: Waiting[]): void {
  const last = heap.pop() as Waiting;
  if (heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

function sink(heap: Waiting[]): void {
  const one = heap[0] as Waiting;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    const other = child + 1;
    if (other < heap.length && isBefore(heap[other] as Waiting, heap[child] as Waiting)) child = other;
    if (!isBefore(heap[child] as Waiting, one)) break;
    heap[at] = heap[child] as Waiting;
    at = child;
  }
  heap[at] = one;
}
