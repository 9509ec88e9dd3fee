// The compose file: valid, confined, without a secret, started in order; each rule sees planted mistakes.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { composeFile, textOf } from './compose-file.js';
import { composeRules } from './compose-rules.js';

const schema = JSON.parse(textOf('test', 'deploy', 'compose-spec.json')) as object;
const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

/** A copy with one value changed, at a path of member names. */
function planted(path: readonly string[], value: unknown): ReturnType<typeof composeFile> {
  const file = structuredClone(composeFile());
  const last = path.at(-1) ?? '';
  let at = file as unknown as Record<string, Record<string, unknown>>;
  for (const name of path.slice(0, -1)) at = at[name] as unknown as typeof at;
  if (value === undefined) delete at[last];
  else at[last] = value as Record<string, unknown>;
  return file;
}

describe('docker-compose.yml', () => {
  it('is what the Compose specification takes', () => {
    validate(composeFile());
    expect(validate.errors).toBeNull();
    validate(planted(['services', 'relay', 'depend_on'], {}));
    expect(validate.errors).not.toBeNull();
  });

  it.each(Object.entries(composeRules))('keeps the rule of %s', (_name, rule) => {
    expect(rule(composeFile())).toEqual([]);
  });

  const relay = (member: string) => ['services', 'relay', member];
  const mistakes: readonly [keyof typeof composeRules, string, readonly string[], unknown][] = [
    ['confinement', 'a process as root', relay('user'), '0:0'],
    ['confinement', 'the user of the image, whoever it is', relay('user'), undefined],
    ['confinement', 'a file system that can be written', relay('read_only'), false],
    ['confinement', 'a capability', relay('cap_add'), ['NET_ADMIN']],
    ['confinement', 'the newest image', relay('image'), 'sallyport:latest'],
    ['confinement', 'no limit of memory', relay('deploy'), { replicas: 2 }],
    ['exposure', 'a port for everybody', ['services', 'entrance', 'ports'], ['3000:3000']],
    ['exposure', 'a port for the network', ['services', 'entrance', 'ports'], ['0.0.0.0:3000:3000']],
    ['exposure', 'a store on an open network', ['services', 'kafka', 'networks'], ['stores', 'edge']],
    ['exposure', 'a network with a way out', ['networks', 'stores'], {}],
    ['secrets', 'a password', relay('environment'), { SALLYPORT_KAFKA_PASSWORD: 'x' }],
    ['secrets', 'a password from outside', relay('environment'), { GF_LOG_MODE: '${MODE:-x}' }],
    ['secrets', 'a password in an address', relay('environment'), { PROXY: 'http://a:b@c' }],
    ['secrets', "another process's secrets", relay('volumes'), ['secrets-kafka:/run/secrets/sallyport:ro']],
    ['secrets', 'all secrets', relay('volumes'), ['secrets-made:/run/secrets/sallyport:ro']],
    ['secrets', 'secrets that can be written', relay('volumes'), ['secrets-relay:/run/secrets/sallyport']],
    ['folders', 'a volume of nothing', relay('volumes'), ['secrets-relais:/run/secrets/sallyport:ro']],
    ['commands', 'an app that is not there', relay('command'), ['node', 'dist/apps/relais/src/main.js']],
    ['commands', 'a mount of nothing', relay('volumes'), ['./deploy/gone:/etc/x:ro']],
    ['commands', 'a script of nothing', ['services', 'kafka', 'command'], ['/etc/kafka/sallyport/x.sh']],
    ['order', 'a wait for nothing', relay('depends_on'), { gone: { condition: 'service_healthy' } }],
    ['order', 'no wait', relay('depends_on'), {}],
    ['order', 'a wait that never ends', relay('depends_on'), { secrets: { condition: 'service_healthy' } }],
    ['order', 'no healthcheck', relay('healthcheck'), { disable: true }],
    ['replicas', 'one relay', relay('deploy'), { replicas: 1 }],
  ];
  const named = mistakes.map(([rule, what, ...mistake]) => [`${rule}: ${what}`, { rule, mistake }] as const);
  it.each(named)('would be caught by the rule of %s', (_, { rule, mistake }) => {
    expect(composeRules[rule](planted(...mistake))).not.toEqual([]);
  });
});
