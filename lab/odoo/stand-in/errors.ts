/** What Odoo raises: `name` is the Python class by which clients decide. */
export class RpcError extends Error {
	override readonly name: string;

	constructor(name: string, message: string) {
		super(message);
		this.name = name;
	}
}

export const userError = (text: string) => new RpcError('odoo.exceptions.UserError', text);
export const accessError = (text: string) => new RpcError('odoo.exceptions.AccessError', text);
export const validationError = (text: string) => new RpcError('odoo.exceptions.ValidationError', text);
export const accessDenied = () => new RpcError('odoo.exceptions.AccessDenied', 'Access Denied');

/** As a constraint of PostgreSQL is worded. */
export const constraintError = (text: string) => validationError(`The operation cannot be completed: ${text}`);

export function missingError(model: string, id: number, uid: number): RpcError {
	const record = `(Record: ${model}(${id},), User: ${uid})`;
	return new RpcError('odoo.exceptions.MissingError', `Record does not exist or has been deleted.\n${record}`);
}
