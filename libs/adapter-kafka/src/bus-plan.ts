// What the cluster has to hold for us: topics with their settings, and who may do what with them.
// What the client makes when it is loaded cannot be imported by name.
import kafkajs from 'kafkajs';
import type { AclEntry, AclOperationTypes, AclResourceTypes } from 'kafkajs';

const { AclPermissionTypes, ResourcePatternTypes } = kafkajs;

export const busTopics = {
  events: 'sallyport.events',
  network: 'sallyport.network',
  standing: 'sallyport.standing',
  deadLetters: 'sallyport.dead-letters',
} as const;

/** Who connects to the cluster; each is a principal of its own. */
export const busRoles = ['relay', 'projector', 'anomaly', 'reader'] as const;
export type BusRole = (typeof busRoles)[number];

/** Names of groups and transactional ids begin with these. */
export const busPrefixes: Readonly<Record<BusRole, string>> = {
  relay: 'sallyport-relay',
  projector: 'sallyport-projector',
  anomaly: 'sallyport-anomaly',
  reader: 'sallyport-reader',
};
export const standingPrefix = 'sallyport-standing';

export interface BusPlan {
  /** Partitions of the topics that are keyed by account: fixed for good once they hold anything. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Kafka's name of each principal, e.g. `User:sallyport-relay`. */
  readonly principals: Readonly<Record<BusRole, string>>;
  /** False: grant nothing, for a cluster that asks nobody who they are. */
  readonly access: boolean;
}

export interface PlannedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

const dayMs = 86_400_000;
/** Tags of networks cannot be tied to anything any more when their day's key is destroyed. */
const networkDays = 90;
const letterDays = 90;
const maxBatchBytes = 2 * 1024 * 1024;

export function plannedTopics({ partitions, replicationFactor }: BusPlan): PlannedTopic[] {
  const shared = {
    'min.insync.replicas': String(Math.max(1, replicationFactor - 1)),
    'max.message.bytes': String(maxBatchBytes),
    'message.timestamp.type': 'CreateTime',
  };
  const kept = (days: number | undefined): Record<string, string> => ({
    ...shared,
    'cleanup.policy': 'delete',
    'retention.ms': String(days === undefined ? -1 : days * dayMs),
    'retention.bytes': '-1',
  });
  // Only closed segments are compacted: with the defaults a new reader would read a week of heartbeats.
  const compacted = {
    ...shared,
    'cleanup.policy': 'compact',
    'min.compaction.lag.ms': '60000',
    'min.cleanable.dirty.ratio': '0.1',
    'delete.retention.ms': String(dayMs),
    'segment.ms': String(dayMs / 24),
    'segment.bytes': String(64 * 1024 * 1024),
  };
  return [
    { topic: busTopics.events, partitions, settings: kept(undefined) },
    { topic: busTopics.network, partitions, settings: kept(networkDays) },
    { topic: busTopics.standing, partitions, settings: compacted },
    { topic: busTopics.deadLetters, partitions: 1, settings: kept(letterDays) },
  ];
}

type Right = readonly [kind: AclResourceTypes, name: string, operations: readonly AclOperationTypes[]];

const { READ, WRITE, DESCRIBE, DELETE } = kafkajs.AclOperationTypes;
const { TOPIC, GROUP, TRANSACTIONAL_ID } = kafkajs.AclResourceTypes;

/** Only the relay may write events, and the networks' topic with them. */
function rightsOf(role: BusRole): Right[] {
  const member: Right = [GROUP, busPrefixes[role], [READ, DESCRIBE]];
  const letters: Right = [TOPIC, busTopics.deadLetters, [WRITE, DESCRIBE]];
  const events: Right = [TOPIC, busTopics.events, [READ, DESCRIBE]];
  switch (role) {
    case 'relay':
      return [
        [TOPIC, busTopics.events, [READ, WRITE, DESCRIBE]],
        [TOPIC, busTopics.network, [WRITE, DESCRIBE]],
        [TRANSACTIONAL_ID, busPrefixes.relay, [WRITE, DESCRIBE]],
        [GROUP, busPrefixes.relay, [READ, DESCRIBE, DELETE]],
      ];
    case 'projector':
      return [
        events,
        member,
        letters,
        [TOPIC, busTopics.standing, [READ, WRITE, DESCRIBE]],
        [TRANSACTIONAL_ID, standingPrefix, [WRITE, DESCRIBE]],
        [GROUP, standingPrefix, [READ, DESCRIBE, DELETE]],
      ];
    case 'anomaly':
      return [events, member, letters, [TOPIC, busTopics.network, [READ, DESCRIBE]]];
    case 'reader':
      return [events, member, [TOPIC, busTopics.standing, [READ, DESCRIBE]]];
    default:
      return unknownRole(role);
  }
}

export function plannedAcls({ principals, access }: BusPlan): AclEntry[] {
  if (!access) return [];
  return busRoles.flatMap((role) => {
    const always = { principal: principals[role], host: '*', permissionType: AclPermissionTypes.ALLOW };
    return rightsOf(role).flatMap(([resourceType, resourceName, operations]) => {
      const isTopic = resourceType === TOPIC;
      const resourcePatternType = isTopic ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED;
      return operations.map((operation) => {
        return { ...always, resourceType, resourceName, resourcePatternType, operation };
      });
    });
  });
}

function unknownRole(role: never): never {
  throw new Error(`unknown role ${String(role)}`);
}
