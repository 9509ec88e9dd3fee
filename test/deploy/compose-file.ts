// docker-compose.yml and what stands beside it, as the specs read them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryRoot } from '../tools/repository.js';

type Condition = 'service_healthy' | 'service_completed_successfully' | 'service_started';

/** What we use of a service; the schema checks the rest. */
export interface Service {
  readonly image: string;
  readonly build?: object;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, { ipv4_address?: string }>>;
  readonly network_mode?: string;
  readonly tmpfs?: readonly string[];
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: { readonly test?: string | readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: Condition }>>;
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: { readonly memory?: string; readonly pids?: number } };
  };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, object | null>>;
}

/** The text of a file of the repository. */
export function textOf(...path: string[]): string {
  return readFileSync(join(repositoryRoot(), ...path), 'utf8');
}

/** A new copy each time, anchors and merges resolved. */
export function composeFile(): ComposeFile {
  return parse(textOf('docker-compose.yml'), { merge: true }) as ComposeFile;
}

/** Whether it does something once and ends. */
export function isOneShot({ restart = '' }: Service): boolean {
  return restart.startsWith('on-failure');
}

/** Where a mount comes from (a named volume, or a path beginning with `.`), where to, and its mode. */
export function mountsOf({ volumes = [] }: Service): { from: string; to: string; mode: string }[] {
  return volumes.map((text) => {
    const [from = '', to = '', mode = 'rw'] = text.split(':');
    return { from, to, mode };
  });
}

export function networksOf({ networks = [] }: Service): string[] {
  return Array.isArray(networks) ? [...(networks as string[])] : Object.keys(networks);
}

/** The app that a service of our image runs, by its folder; undefined for other images. */
export function appOf({ command = [] }: Service): string | undefined {
  const script = command.find((word) => word.startsWith('dist/'));
  return script === undefined ? undefined : /^dist\/apps\/([\w-]+)\/src\/main\.js$/.exec(script)?.[1];
}

/** The file of settings that Node reads for it, by its name in the service's own folder of secrets. */
export function settingsFileOf({ command = [] }: Service): string | undefined {
  const option = command.find((word) => word.startsWith('--env-file='));
  return option?.replace('--env-file=/run/secrets/sallyport/', '');
}
