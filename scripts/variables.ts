/** Writes the documentation of the variables from their table. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { variablesDocument } from '../lib/config/document.ts';

const docs = path.join(import.meta.dirname, '..', 'docs');
await writeFile(path.join(docs, 'variables.md'), variablesDocument('en'));
await writeFile(path.join(docs, 'variables.es.md'), variablesDocument('es'));
