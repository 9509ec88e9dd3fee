// Gets what the engines are started from, once, before specs that start them run side by side.
import { kafkaJars } from '../engines/kafka-jars.js';
import { installedPrograms } from '../engines/postgres-programs.js';

process.stderr.write(`PostgreSQL is in ${installedPrograms()}\n`);
process.stderr.write(`Kafka is in ${await kafkaJars()}\n`);
