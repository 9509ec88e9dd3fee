// Which process gets which secrets, as files of a folder of its own: settings, keys, certificates.
import type { AdminAccess } from '@sallyport/feature-admin';
import type { PasswordName, Secrets, ServerName } from './secrets.js';

/** A folder for each; nobody can read another's. */
export const secretFolders = [
  'session-api',
  'relay',
  'projector',
  'anomaly',
  'setup',
  'kafka',
  'kurrentdb',
  'postgres',
  'grafana',
] as const;
export type SecretFolder = (typeof secretFolders)[number];

export interface SecretFile {
  readonly folder: SecretFolder;
  /** Below the folder. */
  readonly path: string;
  readonly text: string;
  /** Read by a process of another user in our group; all else is for the owner alone. */
  readonly forGroup: boolean;
}

export interface Layout {
  /** Where each process finds its own folder. */
  readonly mountedAt: string;
  readonly issuer: string;
}

type Texts = Readonly<Record<string, string>>;

/** The same files for the same secrets. */
export function secretFiles(secrets: Secrets, layout: Layout): SecretFile[] {
  const texts: Record<SecretFolder, Texts> = { ...ofApps(secrets, layout), ...ofEngines(secrets) };
  return secretFolders.flatMap((folder) => {
    const forGroup = folder === 'postgres' || folder === 'grafana';
    return Object.entries(texts[folder]).map(([path, text]) => ({ folder, path, text, forGroup }));
  });
}

function ofApps(secrets: Secrets, { mountedAt, issuer }: Layout) {
  const { passwords, certificates, masterKey, operators } = secrets;
  const ca = { 'ca.crt': certificates.authority };
  const store = (user: 'admin' | 'writer' | 'relay'): string => {
    const name = user === 'admin' ? user : `sallyport-${user}`;
    return `esdb://${name}:${passwords[`eventstore-${user}`]}@kurrentdb:2113?tlsCAFile=${mountedAt}/ca.crt`;
  };
  const tls = `sslmode=verify-full&sslrootcert=${mountedAt}/ca.crt`;
  const database = `postgres://sallyport:${passwords['postgres-sallyport']}@postgres:5432/sallyport?${tls}`;
  const stores = (user: 'writer' | 'relay') => {
    return { SALLYPORT_EVENTSTORE_URL: store(user), SALLYPORT_POSTGRES_URL: database };
  };
  const kafka = (user: string, password: PasswordName) => {
    return { SALLYPORT_KAFKA_USERNAME: user, SALLYPORT_KAFKA_PASSWORD: passwords[password] };
  };
  const access: AdminAccess = { pid: 0, issuer, address: 'http://127.0.0.1:3001', credential: operators };
  return {
    'session-api': {
      ...ca,
      'session-api.env': settings(stores('writer')),
      'master.key': `${masterKey}\n`,
      'operators.credential': `${operators}\n`,
      'admin.json': `${JSON.stringify(access)}\n`,
    },
    relay: {
      ...ca,
      'relay.env': settings({ ...stores('relay'), ...kafka('sallyport-relay', 'kafka-relay') }),
    },
    projector: {
      ...ca,
      'projector.env': settings({ ...stores('relay'), ...kafka('sallyport-projector', 'kafka-projector') }),
    },
    anomaly: {
      ...ca,
      'anomaly.env': settings({ ...stores('writer'), ...kafka('sallyport-anomaly', 'kafka-anomaly') }),
    },
    setup: {
      ...ca,
      'kafka-init.env': settings(kafka('admin', 'kafka-admin')),
      'eventstore-init.env': settings({
        SALLYPORT_EVENTSTORE_ADMIN_URL: store('admin'),
        SALLYPORT_EVENTSTORE_WRITER_PASSWORD: passwords['eventstore-writer'],
        SALLYPORT_EVENTSTORE_RELAY_PASSWORD: passwords['eventstore-relay'],
        SALLYPORT_EVENTSTORE_AUDITOR_PASSWORD: passwords['eventstore-auditor'],
      }),
      'reader.env': settings(kafka('sallyport-reader', 'kafka-reader')),
    },
  };
}

function ofEngines({ passwords, certificates }: Secrets) {
  const { authority, servers } = certificates;
  const server = (name: ServerName, file: string): Texts => {
    return { [`${file}.crt`]: servers[name].certificate, [`${file}.key`]: servers[name].key };
  };
  return {
    kafka: {
      'ca.crt': authority,
      jaas: jaas(passwords),
      'server.pem': servers.kafka.key + servers.kafka.certificate,
    },
    kurrentdb: {
      ...server('kurrentdb', 'node'),
      'authority/ca.crt': authority,
      'admin.password': passwords['eventstore-admin'],
      'ops.password': passwords['eventstore-ops'],
    },
    postgres: {
      ...server('postgres', 'server'),
      'superuser.password': passwords['postgres-superuser'],
      'sallyport.password': passwords['postgres-sallyport'],
    },
    grafana: { 'admin.password': passwords['grafana-admin'] },
  };
}

/** As Node reads it with `--env-file`. */
function settings(values: Texts): string {
  return Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join('');
}

/** Who may connect to the broker, by SASL PLAIN; and as whom it connects to itself. */
function jaas(passwords: Secrets['passwords']): string {
  const roles = ['relay', 'projector', 'anomaly', 'reader'] as const;
  const users = roles.map((role) => `user_sallyport-${role}="${passwords[`kafka-${role}`]}"`);
  const admin = passwords['kafka-admin'];
  const own = `username="admin" password="${admin}" user_admin="${admin}"`;
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  return `${login} ${own} ${users.join(' ')};`;
}
