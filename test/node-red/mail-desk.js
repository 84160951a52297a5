/**
 * `test-mail-desk`: offers parked mails to the sidebar as an `amqp-mail` node does, kept in memory. What was sent again or
 * discarded goes to its output.
 */
export default async (RED) => {
	const from = (file) => import(`${process.env.TEST_DIST}/${file}`);
	const { defineMailTopic } = await from('nodes/amqp-mail/operator-topic.js');
	const { HubError } = await from('lib/errors.js');
	const sources = defineMailTopic(RED);

	RED.nodes.registerType('test-mail-desk', function (config) {
		RED.nodes.createNode(this, config);
		const mails = new Map(config.mails.map((mail) => [mail.key, { ...empty, ...mail }]));
		let paused = false;
		let changes = 0;
		const take = (selection, what, actor) => {
			const chosen = [...mails.values()].filter(
				({ key, reason }) => selection.keys?.includes(key) ?? reason === selection.reason,
			);
			for (const { key, recipient } of chosen) {
				mails.delete(key);
				this.send({ payload: { what, key, recipient, actor } });
			}
			changes += 1;
			const done = chosen.map(({ key }) => key);
			return { done, alreadySent: [], missing: [], failed: [], more: false };
		};
		const remove = sources.add(
			{
				parked: {
					list: async ({ reason }) => ({
						mails: [...mails.values()].filter((mail) => !reason || mail.reason === reason),
						byReason: Object.fromEntries(
							[...Map.groupBy(mails.values(), (mail) => mail.reason)].map(([name, of]) => [name, of.length]),
						),
						more: false,
					}),
					inspect: async (key) => ({
						...mails.get(key),
						body: '{"type":"purchase-order","note":"</script><b>x</b>"}',
						truncated: false,
						ledger: null,
					}),
					async correct(key, address, actor) {
						if (!address.includes('@'))
							throw new HubError(
								'CONFIG_INVALID',
								'The new recipient must be exactly one e-mail address, without a name.',
							);
						mails.set(key, { ...mails.get(key), recipient: address, correctedBy: actor });
					},
					replay: async (selection, actor) => take(selection, 'replay', actor),
					discard: async (selection, actor) => take(selection, 'discard', actor),
				},
				search: async ({ recipient }) =>
					recipient === 'got@supplier.example'
						? [
								{
									databaseUuid: 'd',
									id: 'i',
									reference: 'P00007',
									recipient,
									state: 'sent',
									updatedAt: Date.now() - 3_600_000,
									response: '250 2.0.0 Ok: queued as 4F1',
								},
							]
						: [],
				pause: async () => {
					paused = true;
				},
				resume: async () => {
					paused = false;
				},
				state: () => ({
					tone: paused ? 'paused' : mails.size ? 'attention' : 'ok',
					phrase: { key: '@clinic-hub/node-red-clinic-hub/clinic-hub:mail.title' },
					revision: String(changes),
					flags: { paused },
					count: mails.size,
				}),
			},
			this,
		);
		this.on('close', remove);
	});
};

const empty = {
	reasonText: '550 5.1.1 No such user',
	parkedAt: Date.now() - 7_200_000,
	attempt: 1,
	kind: 'purchase',
	database: 'clinic',
	originalRecipient: null,
	correctedBy: null,
	bytes: 900,
};
