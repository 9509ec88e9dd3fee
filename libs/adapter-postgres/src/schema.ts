// The schema, as the steps that lead to it. A step that was ever released is never changed: add one.

/** Partitions of the table of secrets: deleting one rewrites its partition, so none may be large. */
export const secretBuckets = 64;

/** Names sort by their bytes everywhere, whatever the language of the database. */
const text = 'text COLLATE "C" NOT NULL';

const secretPartitions = Array.from(
  { length: secretBuckets },
  (_, bucket) =>
    `CREATE TABLE sallyport.secrets_${bucket} PARTITION OF sallyport.secrets FOR VALUES IN (${bucket})`,
);

/** `migrations[n]` leads from version n to n + 1. One SQL command a statement. */
export const migrations: readonly { readonly name: string; readonly statements: readonly string[] }[] = [
  {
    name: 'view checkpoints',
    statements: [
      `CREATE TABLE sallyport.view_checkpoints (
         projection ${text},
         generation integer NOT NULL,
         position text NOT NULL,
         PRIMARY KEY (projection, generation)
       ) WITH (fillfactor = 50)`,
    ],
  },
  {
    name: 'consumer checkpoints',
    statements: [
      `CREATE TABLE sallyport.consumer_checkpoints (
         consumer ${text},
         generation integer NOT NULL,
         partition integer NOT NULL,
         epoch bigint NOT NULL,
         next_offset text NOT NULL,
         last_position text,
         PRIMARY KEY (consumer, generation, partition)
       ) WITH (fillfactor = 50)`,
    ],
  },
  {
    name: 'leases',
    statements: [
      `CREATE TABLE sallyport.leases (
         name ${text} PRIMARY KEY,
         holder ${text},
         epoch bigint NOT NULL,
         ttl_ms bigint NOT NULL,
         expires_at timestamptz NOT NULL
       ) WITH (fillfactor = 50)`,
    ],
  },
  {
    name: 'secrets',
    statements: [
      `CREATE TABLE sallyport.secrets (
         bucket smallint NOT NULL,
         kind ${text},
         name ${text},
         wrapped bytea NOT NULL,
         PRIMARY KEY (kind, name, bucket)
       ) PARTITION BY LIST (bucket)`,
      ...secretPartitions,
    ],
  },
  {
    name: 'failed attempts',
    statements: [
      `CREATE TABLE sallyport.failed_attempts (
         space ${text},
         tag bytea NOT NULL,
         failures bigint NOT NULL,
         last_at bigint NOT NULL,
         PRIMARY KEY (space, tag)
       ) WITH (fillfactor = 80)`,
      'CREATE INDEX failed_attempts_by_age ON sallyport.failed_attempts (last_at)',
    ],
  },
];
