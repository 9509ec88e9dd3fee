// Arithmetic that the parts of the bench share.
import { spawnSync } from 'node:child_process';

export function median(values: readonly number[]): number {
  return atShare(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** The value below which this share of the sorted values lies; 0 of none. */
export function atShare(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Whether processes can be kept to cores here. */
export function takesTaskset(): boolean {
  return spawnSync('taskset', ['-V']).error === undefined;
}
