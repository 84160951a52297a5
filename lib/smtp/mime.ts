/**
 * Writes a mail that nodemailer has laid out as the bytes that travel. nodemailer's own way, a stream a part in many small
 * chunks, costs more than twice as much (measured), and our contents are in memory anyway.
 */
import { Readable } from 'node:stream';
import { encode as encodeBase64, wrap as wrapBase64 } from 'nodemailer/lib/base64';
import type MimeNode from 'nodemailer/lib/mime-node';
import { encode as encodeQuotedPrintable, wrap as wrapQuotedPrintable } from 'nodemailer/lib/qp';

/** A mail travels in pieces of so many bytes: only while more is to come does a lost connection mean "not sent". */
const PIECE_BYTES = 64 * 1024;

/** To be put in the place of the mail's own `createReadStream`. All contents must be Buffers. */
export function readWritten(mail: MimeNode): Readable {
	const bytes = writeMime(mail);
	let at = 0;
	return new Readable({
		read() {
			const piece = bytes.subarray(at, at + PIECE_BYTES);
			at += piece.length;
			this.push(piece.length > 0 ? piece : null);
		},
	});
}

/** The same bytes as nodemailer's `createReadStream` gives. */
export function writeMime(mail: MimeNode): Buffer {
	const lines: string[] = [];
	writePart(mail, lines);
	return Buffer.from(lines.join('\r\n'), 'latin1');
}

function writePart(part: MimeNode, lines: string[]): void {
	lines.push(part.buildHeaders(), '');
	if (part.multipart) {
		for (const child of part.childNodes) {
			lines.push(`--${part.boundary}`);
			writePart(child, lines);
		}
		lines.push(`--${part.boundary}--`, '');
	} else lines.push(encode(part));
}

function encode(part: MimeNode): string {
	const content = part.content as Buffer;
	return part.getTransferEncoding() === 'base64'
		? wrapBase64(encodeBase64(content))
		: wrapQuotedPrintable(encodeQuotedPrintable(content));
}
