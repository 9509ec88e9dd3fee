// View tables in memory, for tests of projections.
import {
  EngineError,
  ViewStore,
  type Position,
  type ViewCommit,
  type ViewPage,
  type ViewRow,
} from '@sallyport/engine';

export class MemoryViewStore extends ViewStore {
  private readonly tables = new Map<string, Map<string, ViewRow>>();
  private readonly checkpoints = new Map<string, Position>();

  async checkpoint(projection: string, generation: number): Promise<Position | null> {
    return this.checkpoints.get(`${projection}:${generation}`) ?? null;
  }

  async load(view: string, generation: number, keys: readonly string[]): Promise<Map<string, ViewRow>> {
    const table = this.table(view, generation);
    const found = new Map<string, ViewRow>();
    for (const key of keys) {
      const row = table.get(key);
      if (row !== undefined) found.set(key, structuredClone(row));
    }
    return found;
  }

  async list(view: string, generation: number, owner: string): Promise<ViewRow[]> {
    return [...this.table(view, generation).values()]
      .filter((row) => row.owner === owner)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((row) => structuredClone(row));
  }

  async page(view: string, generation: number, { owner, before, limit }: ViewPage): Promise<ViewRow[]> {
    return [...this.table(view, generation).values()]
      .filter((row) => owner === undefined || row.owner === owner)
      .filter(({ key }) => before === undefined || key < before)
      .sort((a, b) => (a.key < b.key ? 1 : -1))
      .slice(0, limit)
      .map((row) => structuredClone(row));
  }

  async commit({ projection, generation, from, to, changes }: ViewCommit): Promise<void> {
    const stored = this.checkpoints.get(`${projection}:${generation}`) ?? null;
    if (stored !== from) throw new EngineError('checkpoint_moved');
    this.write(generation, changes);
    this.checkpoints.set(`${projection}:${generation}`, to);
  }

  async reset(projection: string, generation: number, views: readonly string[]): Promise<void> {
    this.checkpoints.delete(`${projection}:${generation}`);
    this.clear(generation, views);
  }

  /** The rows of a commit, without a checkpoint: for whoever keeps another kind of it. */
  write(generation: number, changes: ViewCommit['changes']): void {
    for (const { view, key, row } of changes) {
      const table = this.table(view, generation);
      if (row === null) table.delete(key);
      else table.set(key, structuredClone(row));
    }
  }

  /** Deletes the views' rows of one generation. */
  clear(generation: number, views: readonly string[]): void {
    for (const view of views) this.tables.delete(`${view}:${generation}`);
  }

  private table(view: string, generation: number): Map<string, ViewRow> {
    const name = `${view}:${generation}`;
    const table = this.tables.get(name) ?? new Map<string, ViewRow>();
    this.tables.set(name, table);
    return table;
  }
}
