// Parts of the service that a second application uses: Nest would start and end them again with that one.

const lifecycleHooks: ReadonlySet<string | symbol> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/** The same part without its lifecycle hooks: it lives and ends with the application that made it. */
export function sharedPart<T extends object>(part: T): T {
  return new Proxy(part, {
    get: (owner, name) => {
      if (lifecycleHooks.has(name)) return undefined;
      const member: unknown = Reflect.get(owner, name, owner);
      return typeof member === 'function' ? (member.bind(owner) as unknown) : member;
    },
  });
}
