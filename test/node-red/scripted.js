/** `test-scripted`: a node of this package's kind whose `run`, `setup` and `close` do what a test tells them. */
export default async (RED) => {
	const from = (file) => import(`${process.env.TEST_DIST}/${file}`);
	const { defineNode } = await from('nodes/runtime/define-node.js');
	const { text, optionalText, integer, secret } = await from('nodes/runtime/fields.js');
	const { typedInput } = await from('nodes/runtime/typed-input.js');
	const { HubError } = await from('lib/errors.js');
	const never = new Promise(() => {});

	defineNode(RED, {
		type: 'test-scripted',
		fields: {
			host: text(),
			port: integer({ min: 1, max: 65_535, default: 25 }),
			setup: optionalText(),
			close: optionalText(),
			input: typedInput({ type: 'msg', value: 'payload' }),
		},
		secrets: { password: secret() },
		setup({ config, secrets, status }) {
			if (config.setup === 'throw') throw new HubError('STORE_UNAVAILABLE', 'The store is gone.');
			status.set('ready', { key: 'test-scripted.idle' });
			return { ...config, ...secrets, status, handled: 0 };
		},
		async run(input, deps) {
			const order = await input.read(deps.input);
			if (order === 'throw') throw new HubError('MESSAGE_INVALID', 'Not like this.');
			if (order === 'reject') await Promise.reject(new TypeError('a bug'));
			if (order === 'status')
				for (let n = 0; n < 5; n++) deps.status.set('busy', { key: 'test-scripted.busy', values: { n: 3 } });
			if (order === 'wait')
				await new Promise((_, reject) => input.signal.addEventListener('abort', () => reject(input.signal.reason)));
			deps.handled += 1;
			input.message.payload = {
				order,
				host: deps.host,
				port: deps.port,
				password: deps.password === process.env.SCRIPTED_SECRET,
			};
			input.send(input.message);
		},
		close({ close }) {
			if (close === 'hang') return never;
			if (close === 'throw') throw new Error('cannot end');
		},
	});
};
