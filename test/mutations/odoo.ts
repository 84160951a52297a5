/** Protections of the addon: those of its plain Python, and those of its models where ODOO_SRC names an Odoo to run them. */
import type { Mutant } from './mutant.ts';

const ADDON = 'odoo-addon/clinic_purchase_mail';

const python = {
	file: 'test/integration/odoo-publisher.test.ts',
	name: "the addon's publisher, message and addresses pass their own tests",
};

const inOdoo = {
	file: 'test/integration/odoo-addon.test.ts',
	name: "the addon's own tests pass in Odoo, in a database that has nothing else",
	// Odoo installs itself first, in 40 s alone.
	timeoutMs: 240_000,
};

const besideSales = {
	file: 'test/integration/odoo-addon.test.ts',
	name: 'the addon for sales installs itself beside Sales, and the tests of both addons pass',
	timeoutMs: 360_000,
};

const plain: Mutant[] = [
	{
		protection: 'What no queue takes is not taken for handed over',
		file: `${ADDON}/amqp/publisher.py`,
		find: 'mandatory=True,',
		replace: 'mandatory=False,',
		test: python,
	},
	{
		protection: 'A message that came back was not handed over, though it is confirmed',
		file: `${ADDON}/amqp/publisher.py`,
		find: 'outcome = self._returned.get(message_id, CONFIRMED)',
		replace: 'outcome = CONFIRMED',
		test: python,
	},
	{
		protection: 'A message of Odoo survives a restart of the broker',
		file: `${ADDON}/amqp/publisher.py`,
		find: 'delivery_mode=PERSISTENT,',
		replace: 'delivery_mode=1,',
		test: python,
	},
	{
		protection: 'A message that the broker refuses was not handed over',
		file: `${ADDON}/amqp/publisher.py`,
		find: 'if isinstance(method, pika.spec.Basic.Nack):',
		replace: 'if False:',
		test: python,
	},
	{
		protection: 'A broker that does not confirm is given up',
		file: `${ADDON}/amqp/publisher.py`,
		find: '            "publishing": self._limits.confirm_s,\n',
		replace: '',
		test: python,
	},
	{
		protection: 'A broker that does not take leave is hung up',
		file: `${ADDON}/amqp/publisher.py`,
		find: '            "closing": self._limits.close_s,\n',
		replace: '',
		test: python,
	},
	{
		protection: 'A broker that blocks publishers is told apart',
		file: `${ADDON}/amqp/publisher.py`,
		find: 'if self._blocked_reason is not None:',
		replace: 'if False:',
		test: python,
	},
	{
		protection: 'A reason holds no password',
		file: `${ADDON}/amqp/outcome.py`,
		find: 'refuses the user {address.user} or the password',
		replace: 'refuses the user {address.user} or the password {address.password}',
		test: python,
	},
	{
		protection: 'An e-mail field with several addresses is none',
		file: `${ADDON}/contract/fields.py`,
		find: '_ADDRESS.fullmatch(address)',
		replace: '_ADDRESS.match(address)',
		test: python,
	},
	{
		protection: 'Half a character does not keep a message from being written',
		file: `${ADDON}/contract/fields.py`,
		find: 'return _SURROGATES.sub("\\ufffd", text or "")',
		replace: 'return text or ""',
		test: python,
	},
	{
		protection: 'A currency without a code is told before the hub parks it',
		file: `${ADDON}/contract/fields.py`,
		find: 'return code if code and _CURRENCY.fullmatch(code) else ""',
		replace: 'return code or ""',
		test: python,
	},
	{
		protection: 'An order of more lines than the hub takes is told in Odoo',
		file: `${ADDON}/contract/purchase_message.py`,
		find: 'if len(order.lines) > LINES_LIMIT:',
		replace: 'if False:',
		test: python,
	},
	{
		protection: 'A message larger than the hub reads is told in Odoo',
		file: `${ADDON}/contract/purchase_message.py`,
		find: 'if size > BODY_LIMIT:',
		replace: 'if False:',
		test: python,
	},
	{
		protection: 'A connection test ends though no hub answers',
		file: `${ADDON}/amqp/probe.py`,
		find: '            RETURN: self._limits.return_s,\n',
		replace: '',
		test: python,
	},
	{
		protection: 'An answer to another probe does not count',
		file: `${ADDON}/amqp/probe.py`,
		find: 'answer["id"] == self._message.id and ',
		replace: '',
		test: python,
	},
	{
		protection: 'Half a character in a result does not keep it from being recorded',
		file: `${ADDON}/contract/mail_outcome.py`,
		find: '\\u2066-\\u2069\\ud800-\\udfff"',
		replace: '\\u2066-\\u2069"',
		test: python,
	},
	{
		protection: 'A result that fills the memory is not kept',
		file: `${ADDON}/amqp/results.py`,
		find: 'body if len(body) <= MAX_BODY_BYTES else b""',
		replace: 'body',
		test: python,
	},
	{
		protection: 'Results that nobody reads do not fill the broker',
		file: `${ADDON}/amqp/results.py`,
		find: '    "x-max-length-bytes": 256 * 1024 * 1024,\n',
		replace: '',
		test: python,
	},
];

const models: Mutant[] = [
	{
		protection: 'A row that another job holds is left alone',
		file: `${ADDON}/models/clinic_mail_job.py`,
		find: 'AND (lease_until IS NULL OR lease_until <= %(now)s)',
		replace: '',
		test: inOdoo,
	},
	{
		protection: 'A job whose lease ran out changes nothing any more',
		file: `${ADDON}/models/clinic_mail_job.py`,
		find: '[("lease_token", "=", token), ("state", "=", "pending")]',
		replace: '[("uuid", "in", list(results)), ("state", "=", "pending")]',
		test: inOdoo,
	},
	{
		protection: 'A claim is committed before anything else is done',
		file: `${ADDON}/models/clinic_mail_job.py`,
		find: 'self._commit()\n            if not claimed:',
		replace: 'if not claimed:',
		test: inOdoo,
	},
	{
		protection: 'No transaction is open while the job talks to the broker',
		file: `${ADDON}/models/clinic_mail_job.py`,
		find: '        finally:\n            self._commit()\n',
		replace: '        finally:\n            pass\n',
		test: inOdoo,
	},
	{
		protection: 'A broker that failed is given time',
		file: `${ADDON}/models/clinic_mail_job.py`,
		find: 'AND next_try > %(now)s',
		replace: "AND next_try < '1970-01-01'",
		test: inOdoo,
	},
	{
		protection: 'Other jobs get their turn during a long backlog',
		file: `${ADDON}/models/clinic_mail_job.py`,
		find: 'while rows < RUN_ROWS and time.monotonic() < ends:',
		replace: 'while time.monotonic() < ends:',
		test: inOdoo,
	},
	{
		protection: 'An order that is approved again is not mailed again',
		file: `${ADDON}/models/purchase_order.py`,
		find: 'open_orders = self.filtered(lambda order: order.state not in CONFIRMED)',
		replace: 'open_orders = self',
		test: inOdoo,
	},
	{
		protection: 'A message that cannot be written does not block the confirmation',
		file: `${ADDON}/models/clinic_mail_document_message.py`,
		find: 'except Exception as error:',
		replace: 'except ZeroDivisionError as error:',
		test: inOdoo,
	},
	{
		protection: 'A reason that the database cannot hold does not block the confirmation',
		file: `${ADDON}/models/clinic_mail_document_message.py`,
		find: '"reason": one_line(str(error))',
		replace: '"reason": str(error)',
		test: inOdoo,
	},
	{
		protection: 'An order confirmed again is not mailed again',
		file: `${ADDON}/models/clinic_mail_document_rules.py`,
		find: '        if sent_before:\n',
		replace: '        if False:\n',
		test: inOdoo,
	},
	{
		protection: 'A broken template stops no other mail',
		file: `${ADDON}/models/clinic_mail_template.py`,
		find: 'except Exception as error:',
		replace: 'except ZeroDivisionError as error:',
		test: inOdoo,
	},
	{
		protection: 'What acts is taken out of a mail that Odoo renders',
		file: `${ADDON}/models/clinic_mail_template.py`,
		find: 'html_sanitize(html or "", sanitize_style=False, sanitize_form=True)',
		replace: 'html or ""',
		test: inOdoo,
	},
	{
		protection: 'Clerks neither retry nor discard',
		file: `${ADDON}/models/clinic_mail_actions.py`,
		find: 'if not group or not self.env.user.has_group(group):',
		replace: 'if False:',
		test: inOdoo,
	},
	{
		protection: 'Nobody acts on mails of another company',
		file: `${ADDON}/models/clinic_mail_actions.py`,
		find: 'self.check_access("read")',
		replace: 'pass',
		test: inOdoo,
	},
	{
		protection: 'A mail that is being handed over is not discarded',
		file: `${ADDON}/models/clinic_mail_actions.py`,
		find: 'if row.lease_until and row.lease_until > now:',
		replace: 'if False:',
		test: inOdoo,
	},
	{
		protection: 'Odoo does not send the confirmation of a sale that was handed over',
		file: 'odoo-addon/clinic_sale_mail/models/sale_order.py',
		find: 'super(SaleOrder, self - replaced)._send_order_confirmation_mail()',
		replace: 'super()._send_order_confirmation_mail()',
		test: besideSales,
	},
	{
		protection: 'Where confirmations of sales are switched off, Odoo sends its own',
		file: 'odoo-addon/clinic_sale_mail/models/sale_order.py',
		find: 'if self.sudo().company_id.clinic_sale_mail == OFF:',
		replace: 'if False:',
		test: besideSales,
	},
	{
		protection: "Odoo's own way of sending later does not take a confirmation that is to be handed over",
		file: 'odoo-addon/clinic_sale_mail/__manifest__.py',
		find: '"depends": ["sale", "sale_async_emails", "clinic_purchase_mail"]',
		replace: '"depends": ["sale", "clinic_purchase_mail"]',
		test: besideSales,
	},
	{
		protection: 'Salesmen read the mails of the orders that they see',
		file: 'odoo-addon/clinic_sale_mail/security/clinic_mail_outbox.xml',
		find: "('sale_order_id.user_id', 'in', (user.id, False))",
		replace: "(1, '=', 1)",
		test: besideSales,
	},
	{
		protection: 'Who works with purchases reads no mails of sales',
		file: `${ADDON}/security/clinic_mail_outbox.xml`,
		find: "[('res_model', '=', 'purchase.order')]",
		replace: "[(1, '=', 1)]",
		test: besideSales,
	},
	{
		protection: 'A result that cannot be recorded keeps no other back',
		file: `${ADDON}/models/clinic_mail_results.py`,
		find: 'except Exception:',
		replace: 'except ZeroDivisionError:',
		test: inOdoo,
	},
	{
		protection: 'A result stays in the queue when the database fails',
		file: `${ADDON}/models/clinic_mail_results.py`,
		find: 'except psycopg2.OperationalError:\n                raise',
		replace: 'except ZeroDivisionError:\n                raise',
		test: inOdoo,
	},
	{
		protection: "A result draws no stranger's answers to an order",
		file: `${ADDON}/models/clinic_mail_document.py`,
		find: 'own = message_id and row.uuid in message_id',
		replace: 'own = message_id',
		test: inOdoo,
	},
];

export const mutants: Mutant[] = [...plain, ...(process.env['ODOO_SRC'] ? models : [])];
