/** Whether the keys of a plan may be used: nobody's backup begins before its recovery key was proven. */

import { HubError } from '../errors.ts';
import { decryptAge } from './age-decrypt.ts';
import type { BackupEvidence } from './evidence.ts';
import { checkProof, codeIn, proofFile, requireProof } from './key-proof.ts';
import { DEMO_RECOVERY, refuseDemo } from './keys.ts';
import type { Encryption } from './pipeline.ts';

export interface KeysInUse {
	encryption: Encryption;
	signingKey: string;
	/** The published recovery key is accepted: a laboratory. */
	demoKeys: boolean;
}

/**
 * The first recipient is the clinic's recovery key. Without encryption there is nothing to prove.
 * @throws HubError KEY_DEMO, KEY_UNPROVEN, STORE_UNAVAILABLE
 */
export async function requireKeys(
	{ encryption, signingKey, demoKeys }: KeysInUse,
	evidence: Pick<BackupEvidence, 'keyCheck' | 'recordKeyCheck'>,
): Promise<void> {
	if (encryption.kind === 'none') return;
	const { recipients } = encryption;
	refuseDemo({ recovery: recipients }, demoKeys);
	const [recipient = ''] = recipients;
	const known = await evidence.keyCheck(recipient);
	if (!known && recipient === DEMO_RECOVERY.recipient) {
		await proveDemo(signingKey, evidence);
		return;
	}
	requireProof(known);
}

/** What a person does with a key of the safe, done with the one that is published. */
async function proveDemo(signing: string, evidence: Pick<BackupEvidence, 'recordKeyCheck'>): Promise<void> {
	const { recipient, identity } = DEMO_RECOVERY;
	const now = Date.now();
	const file = await proofFile({ recipient, signing, now });
	const pieces: Buffer[] = [];
	for await (const piece of decryptAge(inOnePiece(file), [identity])) pieces.push(piece);
	const code = codeIn(Buffer.concat(pieces).toString('utf8'));
	if (!code) throw new HubError('INTERNAL', 'The test file of the demonstration key holds no code.');
	checkProof(code, { recipient, signing, now });
	await evidence.recordKeyCheck({ recipient, checkedAt: now, backup: null });
}

async function* inOnePiece(bytes: Buffer): AsyncGenerator<Buffer> {
	yield bytes;
}
