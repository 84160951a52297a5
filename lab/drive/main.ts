/**
 * Runs the stand-in of Google Drive: `main.ts HOST PORT DIRECTORY [REDIRECT …]`; with DRIVE_TLS_CERT and
 * DRIVE_TLS_KEY (files, PEM) over TLS.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { clinicGoogle } from './clinic.ts';
import { makeDrive } from './server.ts';

const [host = '127.0.0.1', port = '8085', directory = '.', ...redirects] = process.argv.slice(2);
const { DRIVE_TLS_CERT: cert, DRIVE_TLS_KEY: key } = process.env;

const { world } = clinicGoogle(directory, redirects);
const tls = cert && key ? { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } } : {};
const drive = makeDrive({ directory, world, ...tls });
drive.server.listen(Number(port), host);
await once(drive.server, 'listening');
console.log(`Stand-in of Google Drive on port ${port}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void drive.close());
