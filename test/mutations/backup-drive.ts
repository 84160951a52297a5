/** Protections of the client of Google Drive: what keeps a file from being lost, doubled or spoilt, and a consent from strangers. */
import type { Mutant } from './mutant.ts';

const upload = (name: string) => ({ file: 'test/integration/drive-upload.test.ts', name });
const kills = (name: string) => ({ file: 'test/integration/drive-faults.test.ts', name, timeoutMs: 90_000 });
const download = (name: string) => ({ file: 'test/integration/drive-download.test.ts', name });
const consent = (name: string) => ({ file: 'test/integration/drive-consent.test.ts', name });
const files = (name: string) => ({ file: 'test/integration/drive-files.test.ts', name });
const network = (name: string) => ({ file: 'test/integration/drive-network.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: "A file counts only once Drive's SHA-256 of it equals ours",
		file: 'lib/drive/upload.ts',
		find: 'if (file.size === parcel.size && file.sha256 === parcel.sha256) {',
		replace: 'if (file.size === parcel.size) {',
		test: upload('is put into the trash and sent again, where the role allows it'),
	},
	{
		protection: 'A lost last answer makes no second file: the backup id is looked up first',
		file: 'lib/drive/upload.ts',
		find: 'if (found) return { done: true, file: found };',
		replace: '',
		test: upload('when the session is gone meanwhile: the backup id finds it'),
	},
	{
		protection: 'A Range that is less than what was sent is believed',
		file: 'lib/drive/upload.ts',
		find: 'kept = result.bytes;',
		replace: 'kept = kept === undefined ? result.bytes : kept + this.#options.chunkBytes;',
		test: upload('a Range that is less than what was sent'),
	},
	{
		protection: 'The session survives a dead process',
		file: 'lib/drive/upload.ts',
		find: 'await this.#options.save({ sessionUri, size, sha256 });',
		replace: '',
		test: kills('that is killed again and again sends no acknowledged byte twice and leaves one verified file'),
	},
	{
		protection: 'Drive is asked how much it has before anything is sent again',
		file: 'lib/drive/upload.ts',
		find: 'if (kept === undefined || (kept >= size && size > 0)) return',
		replace: 'kept ??= 0;\n\t\tif (kept >= size && size > 0) return',
		test: upload('is given up when it is cancelled, and taken up later without a byte sent twice'),
	},
	{
		protection: 'No token goes to a stored address of another place',
		file: 'lib/drive/upload.ts',
		find: 'return new URL(state.sessionUri).origin === new URL(client.addresses.api).origin ? state.sessionUri : undefined;',
		replace: 'return state.sessionUri;',
		test: upload('of another place is not used: no token goes there'),
	},
	{
		protection: 'A session of another content is not taken up',
		file: 'lib/drive/upload.ts',
		find: 'if (!state || state.sha256 !== parcel.sha256 || state.size !== parcel.size) return undefined;',
		replace: 'if (!state) return undefined;',
		test: upload('of another content is not used'),
	},
	{
		protection: 'A file that was found to be wrong is not found as the right one',
		file: 'lib/drive/upload.ts',
		find: 'properties: { backup: id, kind }, rejected: false }',
		replace: 'properties: { backup: id, kind } }',
		test: upload('is marked rejected by a contributor, who may not trash it, and sent again'),
	},
	{
		protection: 'A wrong file that may not be trashed is marked',
		file: 'lib/drive/files.ts',
		find: "await markState(client, id, 'rejected', signal);",
		replace: '',
		test: upload('is marked rejected by a contributor, who may not trash it, and sent again'),
	},
	{
		protection: 'Spoilt copies are a bounded number',
		file: 'lib/drive/upload.ts',
		find: 'spoilt < MOST_SPOILT; spoilt += 1',
		replace: 'spoilt < MOST_SPOILT; spoilt += 0',
		test: upload('three times is an error, and none of the copies counts'),
	},
	{
		protection: 'Failures without progress end an upload',
		file: 'lib/drive/patience.ts',
		find: 'if (this.#failures >= this.#patience.failures) ',
		replace: 'if (this.#failures < 0) ',
		test: upload('when failures go on without a byte of progress'),
	},
	{
		protection: 'Refused tokens end an upload',
		file: 'lib/drive/upload.ts',
		find: "} else if (thrown.remedy === 'refresh' && !refreshed) {",
		replace: "} else if (thrown.remedy === 'refresh') {",
		test: upload('when no token is accepted'),
	},
	{
		protection: 'A silent connection is given up',
		file: 'lib/drive/transfer.ts',
		find: 'outgoing.setTimeout(idleMs, () =>',
		replace: 'void (() =>',
		test: upload('a server that goes silent'),
	},
	{
		protection: 'A full Drive is not tried again and again',
		file: 'lib/drive/failure.ts',
		find: 'storageQuotaExceeded: FULL,',
		replace: 'storageQuotaExceeded: BUSY,',
		test: upload('when the space is used up'),
	},
	{
		protection: 'A download is what its checksum says',
		file: 'lib/drive/download.ts',
		find: "if (hash.digest('hex') !== file.sha256) throw mismatch(file);",
		replace: '',
		test: download('that differs from its checksum is an error, and nothing is left of it'),
	},
	{
		protection: 'A consent works once',
		file: 'lib/drive/consent.ts',
		find: 'if (state !== null) this.#pending.delete(state);',
		replace: '',
		test: consent('is worth nothing the second time'),
	},
	{
		protection: 'A consent works in the browser that began it only',
		file: 'lib/drive/consent.ts',
		find: "if (!same(pending.browser, browser ?? '')) {",
		replace: "if (browser === '') {",
		test: consent('is worth nothing in another browser, nor afterwards in the right one'),
	},
	{
		protection: 'A consent waits ten minutes at most',
		file: 'lib/drive/consent.ts',
		find: 'if (!pending || pending.expires <= this.#now()) {',
		replace: 'if (!pending) {',
		test: consent('is worth nothing after ten minutes'),
	},
	{
		protection: 'An intercepted code is worth nothing',
		file: 'lib/drive/consent.ts',
		find: "\t\t\tcode_challenge: createHash('sha256').update(verifier).digest('base64url'),\n",
		replace: '',
		test: consent('whose code was intercepted is worth nothing without the verifier'),
	},
	{
		protection: 'A consent for too little is told at once',
		file: 'lib/drive/consent.ts',
		find: "if (!scope.split(' ').includes(SCOPES.own)) {",
		replace: "if (scope === '') {",
		test: consent('for something else than the files of the hub is refused'),
	},
	{
		protection: 'Secrets go over TLS or stay on this machine',
		file: 'lib/drive/address.ts',
		find: 'if (!isPrivateUrl(base)) {',
		replace: "if (base === '') {",
		test: files('takes no key that is none, and no address to which a secret may not go'),
	},
	{
		protection: 'A search cannot be changed by what it searches for',
		file: 'lib/drive/files.ts',
		find: "text.replace(/[\\\\']/g, '\\\\$&')",
		replace: 'text',
		test: files('are found whatever stands in the names of their database'),
	},
	{
		protection: 'Files of others in the folder are not touched',
		file: 'lib/drive/files.ts',
		find: '{ hub: HUB, ...properties }',
		replace: 'properties',
		test: files('of one database are found, newest first, and nothing else that lies in the folder'),
	},
	{
		protection: 'Transfers go through the proxy that the environment names',
		file: 'lib/drive/agents.ts',
		find: ', proxyEnv: process.env',
		replace: '',
		test: network('an upload, its metadata and its tokens go through HTTPS_PROXY and trust an extra authority'),
	},
];
