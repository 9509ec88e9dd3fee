// The operators' application shares parts with the service's: it neither starts nor ends them a second time.
import { NestFactory } from '@nestjs/core';
import { AdminModule } from './index.js';
import type { AdminParts } from './index.js';

const hooks = [
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
];

it('calls no lifecycle hook of the parts it is given', async () => {
  const called: string[] = [];
  const part = (name: string): unknown =>
    Object.fromEntries(hooks.map((hook) => [hook, () => void called.push(`${name} ${hook}`)]));
  const names = 'commands queries views ring clock mover bus history rules shown'.split(' ');
  const parts = Object.fromEntries(names.map((name) => [name, part(name)]));
  const given = { ...parts, credential: 'x'.repeat(43) } as unknown as AdminParts;

  const app = await NestFactory.createApplicationContext(AdminModule.on(given), { logger: false });
  await app.init();
  await app.close();

  expect(called).toEqual([]);
});
