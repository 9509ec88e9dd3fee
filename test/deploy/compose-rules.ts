// What a compose file of ours may not do: each rule says what breaks it, in a sentence.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { secretFolders } from '../../apps/secrets-init/src/secret-files.js';
import { repositoryRoot } from '../tools/repository.js';
import { appOf, isOneShot, mountsOf, networksOf } from './compose-file.js';
import type { ComposeFile, Service } from './compose-file.js';

type Rule = (file: ComposeFile) => string[];

/** The rule for each service by itself. */
function each(faultsOf: (service: Service, name: string) => string[]): Rule {
  return ({ services }) => {
    return Object.entries(services).flatMap(([name, service]) => {
      return faultsOf(service, name).map((fault) => `${name} ${fault}`);
    });
  };
}

/** The texts whose condition holds. */
function where(...faults: readonly (readonly [boolean, string])[]): string[] {
  return faults.filter(([holds]) => holds).map(([, fault]) => fault);
}

const confinement = each((service) => {
  const { user = '', cap_drop = [], cap_add = [], security_opt = [], deploy, image } = service;
  return where(
    [!/^[1-9]\d*:\d+$/.test(user), 'does not run as a user of its own'],
    [service.read_only !== true, 'can write its file system'],
    [cap_drop.join() !== 'ALL' || cap_add.length > 0, 'has capabilities'],
    [!security_opt.includes('no-new-privileges:true'), 'can gain privileges'],
    [service.privileged === true, 'is privileged'],
    [deploy?.resources?.limits?.memory === undefined, 'has no limit of memory'],
    [deploy?.resources?.limits?.pids === undefined, 'has no limit of processes'],
    [!/:v?\d+\.\d+\.\d+[\w.-]*$|^postgres:\d+\.\d+-\w+$/.test(image), 'has an image without a fixed version'],
    [service.restart === undefined, 'is not started again'],
  );
});

const exposure: Rule = ({ services, networks }) => {
  const isInside = (name: string): boolean => networks[name]?.internal === true;
  return Object.entries(services).flatMap(([name, service]) => {
    const used = networksOf(service);
    const open = (service.ports ?? []).filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port));
    const published = (service.ports ?? []).length > 0;
    return where(
      [open.length > 0, `${name} is published beyond loopback`],
      [!published && used.some((network) => !isInside(network)), `${name} can be reached from outside`],
      [used.length === 0 && service.network_mode !== 'none', `${name} is on the default network`],
      [used.some((network) => !(network in networks)), `${name} is on a network that is not there`],
    );
  });
};

const secretName = /PASSWORD|SECRET|TOKEN|CREDENTIAL|PRIVATE|KEY|_URL$/;

const secrets: Rule = (file) => {
  const text = JSON.stringify(file);
  const inEnvironment = each(({ environment = {} }) => {
    return Object.entries(environment).flatMap(([name, value]) => {
      const isPath = name.endsWith('_FILE') && String(value).startsWith('/run/secrets/sallyport/');
      return where(
        [secretName.test(name) && !isPath && !name.startsWith('GF_SERVER'), `has ${name} in clear`],
        [/:\/\/[^/]*@/.test(String(value)), `has a password in ${name}`],
      );
    });
  })(file);
  const inVolumes = Object.entries(file.services).flatMap(([name, service]) => {
    const own = mountsOf(service).filter(({ from }) => from.startsWith('secrets-'));
    return own.flatMap(({ from, to, mode }) => {
      const others = Object.entries(file.services).filter(([other, one]) => {
        return other !== name && other !== 'secrets' && mountsOf(one).some((mount) => mount.from === from);
      });
      const isMaker = name === 'secrets';
      return where(
        [!isMaker && mode !== 'ro', `${name} can write ${from}`],
        [!isMaker && from !== 'secrets-setup' && others.length > 0, `${name} shares ${from}`],
        [!isMaker && from === 'secrets-made', `${name} sees all secrets`],
        [!isMaker && to !== '/run/secrets/sallyport', `${name} has ${from} elsewhere`],
      );
    });
  });
  const taken = where([text.includes('${'), 'something is taken from the environment']);
  return [...taken, ...inEnvironment, ...inVolumes];
};

/** Names and folders agree with what the maker of secrets hands out. */
const folders: Rule = ({ services, volumes }) => {
  const wanted = ['made', ...secretFolders].map((folder) => `secrets-${folder}:/secrets/${folder}`).sort();
  const has = [...(services['secrets']?.volumes ?? [])].sort();
  const used = Object.values(services).flatMap(mountsOf).map(({ from }) => from);
  const named = used.filter((from) => !from.startsWith('.'));
  return where(
    [has.join() !== wanted.join(), 'secrets hands out other folders'],
    [named.some((name) => !(name in volumes)), 'a volume is not declared'],
    [Object.keys(volumes).some((name) => !named.includes(name)), 'a volume is not used'],
  );
};

const commands = each((service) => {
  const app = appOf(service);
  const root = repositoryRoot();
  const binds = mountsOf(service).filter(({ from }) => from.startsWith('.'));
  const missing = binds.filter(({ from }) => !existsSync(join(root, from)));
  // What is started as a file of a bound folder has to be in it.
  const words = [...(service.command ?? []), ...(service.entrypoint ?? [])];
  const scripts = words.filter((word) => word.endsWith('.sh'));
  const lost = scripts.filter((script) => {
    const bind = binds.find(({ to }) => script.startsWith(`${to}/`));
    return bind === undefined || !existsSync(join(root, bind.from, script.slice(bind.to.length)));
  });
  const isOurs = service.build !== undefined;
  const hasApp = app !== undefined && existsSync(join(root, 'apps', app, 'src', 'main.ts'));
  return where(
    [isOurs && !hasApp, 'runs no app of ours'],
    [missing.length > 0, `mounts what is not there: ${missing.map(({ from }) => from).join()}`],
    [binds.some(({ mode }) => mode !== 'ro'), 'can write the repository'],
    [lost.length > 0, `starts what is not there: ${lost.join()}`],
  );
});

const order: Rule = ({ services }) => {
  const needs = (name: string): string[] => Object.keys(services[name]?.depends_on ?? {});
  const all = (name: string, seen: readonly string[] = []): string[] => {
    return needs(name).flatMap((next) => {
      return seen.includes(next) ? [next] : [next, ...all(next, [...seen, next])];
    });
  };
  const missing = ([name, service]: [string, Service]): string[] => {
    const waits = Object.entries(service.depends_on ?? {}).flatMap(([other, { condition }]) => {
      const one = services[other];
      const ends = one !== undefined && isOneShot(one);
      return where(
        [one === undefined, `${name} waits for ${other}, which is not there`],
        [ends !== (condition === 'service_completed_successfully'), `${name} waits wrongly for ${other}`],
      );
    });
    const readsSecrets = mountsOf(service).some(({ from }) => from.startsWith('secrets-'));
    const isChecked = service.healthcheck?.test !== undefined;
    return [
      ...waits,
      ...where(
        [readsSecrets && name !== 'secrets' && !all(name).includes('secrets'), `${name} has no secrets yet`],
        [all(name).includes(name), `${name} waits for itself`],
        [isOneShot(service) === isChecked, `${name} has a healthcheck that does not fit it`],
      ),
    ];
  };
  return Object.entries(services).flatMap(missing);
};

/** At least two of what must not be alone. */
const replicas: Rule = ({ services }) => {
  return Object.entries(services).flatMap(([name, service]) => {
    const isApp = service.build !== undefined && !isOneShot(service);
    return where([isApp && (service.deploy?.replicas ?? 1) < 2, `${name} is alone`]);
  });
};

export const composeRules = { confinement, exposure, secrets, folders, commands, order, replicas };
