/** Protections of notices: what keeps an alarm from being lost, from flooding people, or from leading nowhere. */
import type { Mutant } from './mutant.ts';

const notices = (name: string) => ({ file: 'test/integration/notices.test.ts', name });
const node = (name: string) => ({ file: 'test/unit/nodes/notice.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A channel gets a bounded number of notices a minute',
		file: 'lib/notices/courier.ts',
		find: 'Math.max(this.#pausedUntil - now, this.#rateBlock(now))',
		replace: 'this.#pausedUntil - now',
		test: notices('is not flooded: what exceeds the rate waits in the store'),
	},
	{
		protection: 'A bounded number of notices waits for a channel',
		file: 'lib/notices/outbox.ts',
		find: 'if ((await this.#waiting(db, channel)) >= maxWaiting) {',
		replace: 'if ((await this.#waiting(db, channel)) < 0) {',
		test: notices('keeps a bounded number of the oldest, and says how many it did not keep'),
	},
	{
		protection: 'What a removed node left is forgotten after a week',
		file: 'lib/notices/outbox.ts',
		find: "this.#db.deleteFrom('notice_outbox').where('created_at', '<', before).executeTakeFirst()",
		replace:
			"this.#db.deleteFrom('notice_outbox').where('created_at', '<', before).where('sender', '=', this.#options.sender).executeTakeFirst()",
		test: notices('leaves what waits a week, and whatever it waits for is forgotten then'),
	},
	{
		protection: 'An alarm whose only way is the failing one is said in health',
		file: 'lib/notices/report.ts',
		find: 'if (alone) {',
		replace: 'if (alone && couriers.length > 1) {',
		test: notices('is said in health when there is no other one'),
	},
	{
		protection: 'A bearer token is not sent readable',
		file: 'lib/notices/webhook-channel.ts',
		find: 'if (bearer && !isPrivateUrl(url)) {',
		replace: 'if (bearer && !isHttpUrl(url)) {',
		test: notices('a bearer token needs TLS, and an address must be http or https without a user name'),
	},
	{
		protection: 'A node that reports failures of mail is not ready without another channel',
		file: 'nodes/notice/config.ts',
		find: "if ((about === 'smtp' || about === 'any') && !webhookUrl)",
		replace: "if ((about === 'smtp' || about === 'any') && !webhookUrl && !smtp)",
		test: node('an alarm about a channel needs the other one'),
	},
	{
		protection: 'A node whose token would travel readable is not ready',
		file: 'nodes/notice/config.ts',
		find: 'if (webhookUrl && webhookBearer && !isPrivateUrl(webhookUrl))',
		replace: 'if (webhookUrl && webhookBearer && !isHttpUrl(webhookUrl))',
		test: node('a bearer token goes over TLS, or does not leave the machine'),
	},
];
