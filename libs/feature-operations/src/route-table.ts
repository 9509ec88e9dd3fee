// Which methods a path answers to, noted while routes are registered.
import type { FastifyInstance } from 'fastify';

interface Entry {
  readonly path: RegExp;
  readonly methods: readonly string[];
}

export class RouteTable {
  private readonly entries: Entry[] = [];

  /** Notes the routes registered from now on. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return;
      this.entries.push({ path: patternOf(url), methods: [method].flat() });
    });
  }

  /** The methods of the path in the URL, sorted; none for a path that does not exist. */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '/';
    const methods = this.entries.filter((entry) => entry.path.test(path)).flatMap((entry) => entry.methods);
    return [...new Set(methods)].toSorted();
  }
}

/** `/v1/sessions/:id` as an expression in which a parameter is one segment. */
function patternOf(route: string): RegExp {
  const parts = route.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : literal(part)));
  return new RegExp(`^${parts.join('/')}$`);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
