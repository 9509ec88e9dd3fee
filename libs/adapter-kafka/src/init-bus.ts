// Sets a cluster up by the plan: makes what is missing, corrects what differs, leaves the rest alone.
import kafkajs from 'kafkajs';
import type { AclEntry, Admin } from 'kafkajs';
import { plannedAcls, plannedTopics } from './bus-plan.js';
import type { BusPlan, PlannedTopic } from './bus-plan.js';
import { makeClient, patientRetry } from './client.js';
import type { KafkaSettings } from './client.js';
import { makeTopics } from './make-topics.js';

export interface InitStep {
  readonly what: string;
  /** `refused`: it cannot be what the plan says, for the reason in `what`. */
  readonly outcome: 'made' | 'kept' | 'changed' | 'refused';
}

/** Can be run again. Rejects with the client's error where the cluster is away or the user is not allowed. */
export async function initBus(settings: KafkaSettings, plan: BusPlan): Promise<InitStep[]> {
  const admin = makeClient(settings, patientRetry).admin();
  await admin.connect();
  try {
    const steps: InitStep[] = [];
    const known = new Set(await admin.listTopics());
    for (const topic of plannedTopics(plan)) {
      if (known.has(topic.topic)) steps.push(await correct(admin, topic));
      else steps.push(await make(admin, topic, plan.replicationFactor));
    }
    return [...steps, ...(await allow(admin, plannedAcls(plan)))];
  } finally {
    await admin.disconnect();
  }
}

async function make(
  admin: Admin,
  { topic, partitions, settings }: PlannedTopic,
  replicationFactor: number,
): Promise<InitStep> {
  const configEntries = entriesOf(settings);
  const planned = { topic, numPartitions: partitions, replicationFactor, configEntries };
  await makeTopics(admin, [planned]);
  return { what: `topic ${topic} with ${partitions} partitions`, outcome: 'made' };
}

async function correct(admin: Admin, { topic, partitions, settings }: PlannedTopic): Promise<InitStep> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const count = topics[0]?.partitions.length ?? 0;
  if (count !== partitions) {
    // More partitions would move accounts between them, and with that their order.
    const what = `topic ${topic} has ${count} partitions, not ${partitions}: that cannot be changed`;
    return { what, outcome: 'refused' };
  }
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic };
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  const entries = resources[0]?.configEntries ?? [];
  const now = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  const differs = Object.entries(settings).some(([name, value]) => now.get(name) !== value);
  if (!differs) return { what: `topic ${topic}`, outcome: 'kept' };
  const configEntries = entriesOf(settings);
  await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
  return { what: `settings of topic ${topic}`, outcome: 'changed' };
}

async function allow(admin: Admin, planned: readonly AclEntry[]): Promise<InitStep[]> {
  const steps: InitStep[] = [];
  const missing: AclEntry[] = [];
  for (const principal of new Set(planned.map((acl) => acl.principal))) {
    const wanted = planned.filter((acl) => acl.principal === principal);
    const there = await aclsOf(admin, principal);
    if (there === undefined) return [{ what: 'access: this cluster enforces none', outcome: 'refused' }];
    const lacking = wanted.filter((acl) => !there.has(textOf(acl)));
    missing.push(...lacking);
    steps.push({ what: `access of ${principal}`, outcome: lacking.length === 0 ? 'kept' : 'made' });
  }
  if (missing.length > 0) await admin.createAcls({ acl: missing });
  return steps;
}

/** What the principal is allowed now; undefined for a cluster without an authorizer. */
async function aclsOf(admin: Admin, principal: string): Promise<Set<string> | undefined> {
  try {
    const any = { resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 };
    const { resources } = await admin.describeAcls({ ...any, principal });
    const all = resources.flatMap(({ acls, ...of }) => acls.map((acl) => textOf({ ...of, ...acl })));
    return new Set(all);
  } catch (error) {
    if ((error as { type?: unknown }).type === 'SECURITY_DISABLED') return undefined;
    throw error;
  }
}

/** Kafka's answers call the pattern's type otherwise than its questions. */
function textOf(acl: Omit<AclEntry, 'resourcePatternType'>): string {
  const { resourceType, resourceName, principal, operation, permissionType } = acl;
  const isAllowed = permissionType === kafkajs.AclPermissionTypes.ALLOW;
  return [resourceType, resourceName, principal, operation, isAllowed].join(' ');
}

function entriesOf(settings: PlannedTopic['settings']): { name: string; value: string }[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}
