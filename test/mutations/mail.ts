/** Protections of the mail worker: what keeps a mail from being lost, sent twice, sent to the wrong one, or parked in vain. */
import type { Mutant } from './mutant.ts';

const worker = (name: string) => ({ file: 'test/integration/mail-worker.test.ts', name });
const pauses = (name: string) => ({ file: 'test/integration/mail-pauses.test.ts', name });
const parked = (name: string) => ({ file: 'test/integration/mail-parked.test.ts', name });
const results = (name: string) => ({ file: 'test/integration/mail-results.test.ts', name });
const ledger = (name: string) => ({ file: 'test/integration/mail-ledger.test.ts', name });
const news = (name: string) => ({ file: 'test/unit/nodes/mail-health.test.ts', name });
const kills = (name: string) => ({ file: 'test/faults/mail-kills.test.ts', name });
const outages = (name: string) => ({ file: 'test/faults/mail-outages.test.ts', name });
const twoWorkers = (name: string) => ({ file: 'test/faults/mail-two-workers.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A message is acknowledged after the mail was sent, not before',
		file: 'lib/mail/attempt.ts',
		find: '\t\tconst entry = await ledger.find(facts);',
		replace: '\t\tdelivery.ack();\n\t\tconst entry = await ledger.find(facts);',
		test: kills('3 kills during 400 mails, each with at least 5 mails in DATA, under resend: none is lost'),
	},
	{
		protection: '`sending` is written before SMTP begins, so that a crash is known to leave the outcome unknown',
		file: 'lib/mail/attempt.ts',
		find: "{ state: 'sending', attempts }",
		replace: "{ state: 'waiting', attempts }",
		test: kills('3 kills during 400 mails, each with at least 5 mails in DATA, under park: none is lost'),
	},
	{
		protection: 'What a dead owner left is parked under `park`',
		file: 'lib/mail/attempt.ts',
		find: "if (onUnknown === 'resend') return true;",
		replace: 'return true;',
		test: kills('3 kills during 400 mails, each with at least 5 mails in DATA, under park: none is lost'),
	},
	{
		protection: 'What a living owner sends is left to it',
		file: 'lib/mail/attempt.ts',
		find: 'if (!own && (await owner().isAlive(entry.owner))) {',
		replace: 'if (!own && (await owner().isAlive(entry.owner)) === undefined) {',
		test: twoWorkers('connection cut during an SMTP stall, with a second worker: each mail is sent once'),
	},
	{
		protection: 'A worker that stood still beyond its lease hands nothing over',
		file: 'lib/mail/attempt.ts',
		find: 'fenced = owner().id !== facts.owner || !owner().holds;',
		replace: 'fenced = owner().id !== facts.owner;',
		test: twoWorkers('a worker that stood still beyond its lease does not send what another has taken over'),
	},
	{
		protection: 'The lease counts from the moment at which its renewal was sent',
		file: 'lib/mail/owner.ts',
		find: 'return !this.#lost && performance.now() < this.#holdsUntil;',
		replace: 'return !this.#lost;',
		test: ledger('an owner that could not renew its lease knows that it has ended without asking the store'),
	},
	{
		protection: 'A mail that was claimed and not handed over is not unknown',
		file: 'lib/mail/placement.ts',
		find: "\t\tawait this.#record(work, 'waiting', reason);\n\t\tawait this.postpone(work.delivery);",
		replace: '\t\tawait this.postpone(work.delivery);',
		test: twoWorkers(
			'what nobody has taken over meanwhile is known not to have been sent, and goes out without using an attempt',
		),
	},
	{
		protection: 'A mail that was sent is not sent again',
		file: 'lib/mail/attempt.ts',
		find: '\t\t\t\tawait placement.duplicate(work, entry);\n\t\t\t\treturn false;',
		replace: '\t\t\t\treturn true;',
		test: worker('an Odoo restored to yesterday: new purchases are mailed, old ones not twice'),
	},
	{
		protection: 'A parked mail is not sent because its message comes again',
		file: 'lib/mail/attempt.ts',
		find: '\t\t\t\tawait placement.parkAgain(work, entry.state, entry);\n\t\t\t\treturn false;',
		replace: '\t\t\t\treturn true;',
		test: worker(
			'a mail whose outcome is unknown is parked as unknown under park, and not sent again if it comes again',
		),
	},
	{
		protection: 'An Odoo that lost the word of a parked mail hears it when the message comes again',
		file: 'lib/mail/placement.ts',
		find: '\t\tawait this.#publishParked(work, reason);\n\t\tawait this.#results.tell(outcome);\n',
		replace: '\t\tawait this.#publishParked(work, reason);\n\t\tif (outcome.time < 0) return;\n',
		test: results(
			'a mail that comes again after it was parked or discarded: Odoo is told again, and the order by its number',
		),
	},
	{
		protection: 'An Odoo that lost the word of a discarded mail hears it when the message comes again',
		file: 'lib/mail/placement.ts',
		find: "\t\tawait this.#results.tell(this.#decidedBefore(work, 'discarded', entry));\n",
		replace: "\t\tif (entry.state !== 'discarded') this.#decidedBefore(work, 'discarded', entry);\n",
		test: results(
			'a mail that comes again after it was parked or discarded: Odoo is told again, and the order by its number',
		),
	},
	{
		protection: 'A result that no Odoo listens for stops neither mail nor decision',
		file: 'lib/mail/results.ts',
		find: "if (thrown.code === 'AMQP_UNROUTABLE') return;",
		replace: '',
		test: results('a result that no Odoo waits for is no trouble: nothing is said of it, mails and decisions go on'),
	},
	{
		protection: 'An exchange of results that is gone stops neither mail nor decision',
		file: 'lib/mail/results.ts',
		find: 'if (!LASTING.includes(thrown.code)) throw thrown;',
		replace: 'if (onProblem) throw thrown;',
		test: results(
			'results that cannot be published because their exchange is gone are noted, and hold up neither mails nor decisions',
		),
	},
	{
		protection: 'What a person sends again is told with their name',
		file: 'lib/mail/parked.ts',
		find: 'await this.#options.results.tell(by === undefined ? outcome : { ...outcome, by });',
		replace: 'await this.#options.results.tell(outcome);',
		test: results('what a person corrects and sends again is told with their name, in the order of what happens'),
	},
	{
		protection: 'A decision about a copy of a sent mail does not hide that it was sent',
		file: 'lib/mail/parked-results.ts',
		find: 'if (told && row) {',
		replace: 'if (told && row && told.row === undefined) {',
		test: results('a copy of a sent mail among the parked: whoever decides on it, Odoo is told that it was delivered'),
	},
	{
		protection: 'Two copies of one mail are not under way at the same time',
		file: 'lib/mail/attempt.ts',
		find: 'if (this.#underWay.has(key)) {',
		replace: 'if (key === undefined) {',
		test: worker('two copies of one order at the same moment are mailed once'),
	},
	{
		protection: 'An unknown outcome is not taken for a failure under `park`',
		file: 'lib/mail/attempt.ts',
		find: "if (onUnknown === 'resend') await placement.retry",
		replace: 'await placement.retry',
		test: worker(
			'a mail whose outcome is unknown is parked as unknown under park, and not sent again if it comes again',
		),
	},
	{
		protection: 'A sample goes to allowed addresses only',
		file: 'lib/mail/attempt.ts',
		find: 'message.sample && !sampleRecipients',
		replace: 'message.sample && sampleRecipients.size < 0 && !sampleRecipients',
		test: worker('a sample goes to an allowed address only'),
	},
	{
		protection: 'Refused credentials pause the worker',
		file: 'lib/mail/attempt.ts',
		find: '\t\t\t\tonRefused(text);\n',
		replace: '',
		test: pauses('credentials refused: the worker pauses, uses up no attempt, says so, and goes on by itself'),
	},
	{
		protection: 'Refused credentials use up no attempt',
		file: 'lib/mail/attempt.ts',
		find: "await placement.giveBack(work, { code: 'SMTP_REFUSED', text }, answer);",
		replace: "await placement.retry(work, { code: 'SMTP_REFUSED', text }, answer);",
		test: pauses('credentials refused: the worker pauses, uses up no attempt, says so, and goes on by itself'),
	},
	{
		protection: 'Five refusals in a row for different domains pause the worker',
		file: 'lib/mail/attempt.ts',
		find: 'if (earlier) onStreak(earlier);',
		replace: '',
		test: pauses(
			'five refusals in a row for different domains: pause, nothing stays parked, and the five are decided again',
		),
	},
	{
		protection: 'Those refused before the fifth are taken back out of the parked queue',
		file: 'lib/mail/worker.ts',
		find: '\t\t\t\tthis.#takeBack.push(...earlier);\n',
		replace: '',
		test: pauses(
			'five refusals in a row for different domains: pause, nothing stays parked, and the five are decided again',
		),
	},
	{
		protection: 'A success ends a row of refusals',
		file: 'lib/mail/streak.ts',
		find: 'if (this.#refused.length > 0) this.#refused = [];',
		replace: '',
		test: pauses('refusals for one domain, or with a success between, do not pause'),
	},
	{
		protection: 'Refusals of one domain are no row',
		file: 'lib/mail/streak.ts',
		find: 'if (domains.size >= DOMAINS) {',
		replace: 'if (earlier.length + 1 >= DOMAINS) {',
		test: pauses('refusals for one domain, or with a success between, do not pause'),
	},
	{
		protection: 'Mails that are really wrong are not decided again for ever',
		file: 'lib/mail/attempt.ts',
		find: ' && chances < MAX_CHANCES',
		replace: ' && chances < MAX_CHANCES * 1_000_000',
		test: pauses('five addresses that are really wrong are parked in the end'),
	},
	{
		protection: 'What became of a mail while the ledger could not be written is written later',
		file: 'lib/mail/placement.ts',
		find: '\t\t\tthis.#unwritten.set(key, write);\n',
		replace: '',
		test: pauses('a ledger that cannot be written: pause, nothing acknowledged, nothing sent twice'),
	},
	{
		protection: 'A second worker with SQLite is kept out',
		file: 'lib/mail/consumer.ts',
		find: 'if (exclusive) await this.#lock(channel);',
		replace: '',
		test: pauses('a second worker with SQLite is refused, says why, and takes over when the first ends'),
	},
	{
		protection: 'A second worker on the same connection is kept out',
		file: 'lib/mail/consumer.ts',
		find: '{ exclusive: true, noAck: true }',
		replace: '{ noAck: true }',
		test: pauses('a second worker on the same connection is refused too'),
	},
	{
		protection: 'A person’s pause survives a restart',
		file: 'lib/mail/pause-switch.ts',
		find: 'await ledger.setPaused(this.#scope, true, by);',
		replace: '',
		test: pauses('a person’s pause holds over a restart and ends by a person'),
	},
	{
		protection: 'A connection that stays away is told of',
		file: 'nodes/amqp-mail/outputs.ts',
		find: 'if (state) this.take(state);',
		replace: '',
		test: news('a connection that stays away is told after the grace, with the words of the problem, and its return'),
	},
	{
		protection: 'A broker that restarts wakes nobody',
		file: 'nodes/amqp-mail/outputs.ts',
		find: 'if (problem && !ends',
		replace: 'if (problem && ends',
		test: news('a broker that restarts is no news, however often'),
	},
	{
		protection: 'A state is told once',
		file: 'lib/mail/worker-view.ts',
		find: 'if (this.#told && sameState(this.#told, state)) return;',
		replace: '',
		test: { file: 'test/unit/mail/worker-view.test.ts', name: 'what has not changed is not told again' },
	},
	{
		protection: 'A publisher’s own hub headers are not believed',
		file: 'lib/mail/headers.ts',
		find: 'if (message.fields.exchange !== retryExchange) return false;',
		replace: '',
		test: worker('headers that a publisher wrote are not believed'),
	},
	{
		protection: 'A trace that a publisher forged is not believed',
		file: 'lib/mail/headers.ts',
		find: ' && (death.queue !== mainQueue || message.properties.userId === user)',
		replace: '',
		test: parked('a forged trace makes a publisher believed neither about the recipient, nor about which mail it is'),
	},
	{
		protection: 'Headers nested without end do not end the connection',
		file: 'lib/amqp/link.ts',
		find: 'guardHeaders(model.connection);',
		replace: '',
		test: parked('headers nested 20,000 levels deep stop no mail'),
	},
	{
		protection: 'Headers are not read deeper than anybody writes them',
		file: 'lib/amqp/header-guard.ts',
		find: 'if (open.length >= MAX_HEADER_LEVELS) return false;',
		replace: '',
		test: { file: 'test/unit/amqp/header-guard.test.ts', name: 'one level too many' },
	},
	{
		protection: 'A person’s correction counts before a newer copy without it',
		file: 'lib/mail/parked-browse.ts',
		find: 'corrected(one) === corrected(other) ?',
		replace: 'corrected(one) || true ?',
		test: parked('a corrected recipient is kept when the order comes again'),
	},
	{
		protection: 'Of many claims of one version, one wins',
		file: 'lib/mail/ledger-statements.ts',
		find: "\t\t\t\t.where('version', '=', row.seen)\n",
		replace: '',
		test: ledger('of many who claim a mail at once, exactly one gets it'),
	},
	{
		protection: 'A decision leaves what is sent alone',
		file: 'lib/mail/ledger.ts',
		find: "['sent', 'sending']",
		replace: "['sending']",
		test: ledger('sent stays sent, whatever comes later'),
	},
	{
		protection: 'The recipient is blanked for its age',
		file: 'lib/store/personal-data.ts',
		find: "blank: ['recipient', 'response', 'reason_text']",
		replace: "blank: ['response', 'reason_text']",
		test: ledger('personal data is blanked for its age; ids, states and times stay'),
	},
	{
		protection: 'An owner’s lease is looked at before it is taken for dead',
		file: 'lib/mail/owner.ts',
		find: 'if (lease === null) return true;',
		replace: 'if (lease === null) return false;',
		test: ledger('an owner in another process counts as alive until its lease ends, and stays dead then'),
	},
	{
		protection: 'A corrected recipient is exactly one address',
		file: 'lib/mail/parked.ts',
		find: 'if (!isAddress(address)) {',
		replace: 'if (address === undefined) {',
		test: parked('a recipient is not corrected to "a@b.test, c@d.test"'),
	},
	{
		protection: 'A replay permits the mail in the ledger first',
		file: 'lib/mail/parked.ts',
		find: "await ledger.decide(ledgerKey, 'waiting')",
		replace: 'await ledger.find(ledgerKey).then((entry) => entry?.state)',
		test: parked('a corrected mail goes to the new address, its body untouched, and says who corrected it'),
	},
	{
		protection: 'A discarded mail stays discarded in the ledger',
		file: 'lib/mail/parked.ts',
		find: "await ledger.decide(ledgerKey, 'discarded')",
		replace: 'await ledger.find(ledgerKey).then((entry) => entry?.state)',
		test: parked(
			'mails are replayed by reason, and discarded one by one; a discarded mail is not sent if it comes again',
		),
	},
	{
		protection: 'A replay of a sent mail takes its copy away and sends nothing',
		file: 'lib/mail/parked.ts',
		find: "\t\tif (state === 'sent') return this.#told.alreadySent(found, told);\n\t\t// Before",
		replace: '\t\t// Before',
		test: parked('a mail sent before is not sent again by a replay'),
	},
	{
		protection: 'One at a time works on the parked queue',
		file: 'lib/mail/parked-lock.ts',
		find: 'const turn = this.#last.then(() => this.#withLease(work));',
		replace: 'const turn = this.#withLease(work);',
		test: parked('operators who act at the same moment do not send a mail twice'),
	},
	{
		protection: 'After a look the messages are waited for, so that the next one sees them',
		file: 'lib/mail/parked.ts',
		find: 'await returned(broker, queues.parked, this.#fetched).catch(() => undefined);',
		replace: '',
		test: parked('parked mails survive being looked at again and again, and each look sees all of them'),
	},
	{
		protection: 'A message that is not trusted does not pass for the mail whose id it names',
		file: 'lib/mail/placement.ts',
		find: 'const key = bodyKey(delivery.message.content);',
		replace:
			"const { source, id } = JSON.parse(String(delivery.message.content));\n\t\tconst key = source.databaseUuid + '/' + id;",
		test: parked('a forged message with the id of a parked mail neither replaces it nor touches the ledger'),
	},
	{
		protection: 'Headers that fill a frame are not carried on',
		file: 'lib/mail/headers.ts',
		find: 'if (carried + size > CARRIED_HEADERS) continue;',
		replace: '',
		test: parked('headers are carried on, but none that acts on the broker'),
	},
	{
		protection: 'A draft comes back once',
		file: 'lib/mail/drafts.ts',
		find: '\t\t\t\tthis.#open.delete(token);\n',
		replace: '',
		test: results(
			'a draft that does not come back is tried again like any failure; late, second and forged ones are refused',
		),
	},
	{
		protection: 'A forged draft is not sent',
		file: 'lib/mail/drafts.ts',
		find: "typeof token === 'string' ? this.#open.get(token) : undefined;",
		replace: '[...this.#open.values()].at(-1);',
		test: results(
			'a draft that does not come back is tried again like any failure; late, second and forged ones are refused',
		),
	},
	{
		protection: 'A late draft is not sent',
		file: 'lib/mail/drafts.ts',
		find: '\t\t\t\tend();\n\t\t\t\tconst seconds',
		replace: '\t\t\t\tconst seconds',
		test: results(
			'a draft that does not come back is tried again like any failure; late, second and forged ones are refused',
		),
	},
	{
		protection: 'A draft that does not come back ends its attempt',
		file: 'lib/mail/drafts.ts',
		find: '\t\t\t}, this.#timeoutMs);',
		replace: '\t\t\t}, 2 ** 30);',
		test: results(
			'a draft that does not come back is tried again like any failure; late, second and forged ones are refused',
		),
	},
	{
		protection: 'A deploy cuts the connections that a silent mail server holds',
		file: 'lib/mail/worker.ts',
		find: '\t\t\tmailing.force();\n',
		replace: '',
		test: outages('a deploy while the mail server says nothing is over in 2 s, and no mail is lost'),
	},
	{
		protection: 'A mail that the broker gave up does not stay unheard of in Odoo',
		file: 'lib/mail/parked-results.ts',
		find: 'found.filter(({ byBroker }) => byBroker)',
		replace: 'found.slice(0, 0)',
		test: results(
			'a mail that the broker gave up: Odoo is told once that it is parked and why, when the parked mails are looked at',
		),
	},
	{
		protection: 'Odoo is told of mails that the broker gave up, though nobody looks at them',
		file: 'lib/mail/worker.ts',
		find: 'await this.#watch.counted(depths.parked);',
		replace: '',
		test: {
			file: 'test/integration/mail-results.test.ts',
			name: 'a mail that the broker gave up: the worker tells Odoo, though nobody looks at the parked mails',
		},
	},
];
