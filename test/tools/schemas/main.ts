// `npm run schemas`: what is published of the events, made again from the code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { repositoryRoot } from '../repository.js';
import { asyncApiOf } from './async-api.js';
import { incompatibilities } from './compatibility.js';
import { currentSchemas, publishedSchemas, schemaFolder } from './event-schemas.js';

const help = `npm run schemas [-- options]
  Writes docs/schemas (a JSON Schema for each event type and version) and docs/asyncapi.json from the code.
  Refuses what would take something away from readers of a published schema: that needs a new schema version
  of the event. Older versions stay.
  --help
`;

await runTool({ help, readOptions, run });

async function run(): Promise<number> {
  const [published, current] = [publishedSchemas(), currentSchemas()];
  const faults = incompatibilities(published, current);
  if (faults.length > 0) {
    process.stderr.write(`not written:\n${faults.map((fault) => `  ${fault}\n`).join('')}`);
    return 1;
  }
  mkdirSync(schemaFolder, { recursive: true });
  for (const [name, schema] of Object.entries(current)) {
    writeFileSync(join(schemaFolder, name), `${JSON.stringify(schema, null, 2)}\n`);
  }
  const document = asyncApiOf({ ...published, ...current });
  writeFileSync(join(repositoryRoot(), 'docs', 'asyncapi.json'), `${JSON.stringify(document, null, 2)}\n`);
  process.stdout.write(`${Object.keys(current).length} schemas\n`);
  return 0;
}

function readOptions(): { readonly help: boolean } {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
  return values;
}
