// Digests over every stream of a ledger, and one root over all of them: what an anchor signs.
import { hash } from 'node:crypto';
import type { RecordedEvent } from '@sallyport/engine';

/**
 * The head of a stream names only the event before it, and an event appended at any revision not even that.
 * So a stream's digest is rolled over all of its events, each with its position in the store. Some 300 bytes
 * a stream.
 */
export class StreamDigests {
  private readonly heads = new Map<string, { revision: number; digest: string }>();

  add({ stream, revision, position, hash: eventHash }: RecordedEvent): void {
    const before = this.heads.get(stream);
    const digest = sha256(`${before?.digest ?? ''}\n${position}\n${eventHash}`);
    if (before === undefined) this.heads.set(stream, { revision, digest });
    else Object.assign(before, { revision, digest });
  }

  get streams(): number {
    return this.heads.size;
  }

  /** SHA-256 (base64url) of the tree over all streams in order of name, as RFC 9162 (2.1.1) shapes it. */
  root(): string {
    const names = [...this.heads.keys()].sort();
    const leaves = names.map((stream) => {
      const { revision, digest } = this.heads.get(stream) as { revision: number; digest: string };
      return sha256(`leaf\n${stream}\n${revision}\n${digest}`);
    });
    return treeHash(leaves);
  }
}

/** Pairs level by level; an odd one moves up alone: the same tree as splitting at powers of two. */
function treeHash(leaves: readonly string[]): string {
  let level = leaves;
  while (level.length > 1) {
    const pairs: string[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left = '', right] = [level[at], level[at + 1]];
      pairs.push(right === undefined ? left : sha256(`node\n${left}\n${right}`));
    }
    level = pairs;
  }
  return level[0] ?? sha256('');
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}
