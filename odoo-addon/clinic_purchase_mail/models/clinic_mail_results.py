import logging
from datetime import datetime, timedelta

import psycopg2

from odoo import api, fields, models

from ..amqp.address import SettingsError
from ..contract import mail_outcome
from ..contract.mail_outcome import Unreadable, read_outcome

_logger = logging.getLogger(__name__)

#: What the hub says within seconds is waited for; what takes longer, later runs bring.
RECENT_SECONDS = 60
RECENT_IDLE_SECONDS = 3.0
IDLE_SECONDS = 0.3
#: A hub that said nothing for so long will not any more.
AWAITED_DAYS = 30

#: Says which queue of results was made, at which broker and on which day.
QUEUE_PARAMETER = "clinic_purchase_mail.results_queue"

#: The hub's word for whoever decides where its editor has no sign-in.
NO_SIGN_IN = "editor without sign-in"

#: After these nothing follows by itself.
FINAL = (mail_outcome.DELIVERED, mail_outcome.DISCARDED)


class ClinicMailResults(models.Model):
    """What the hub says became of the mails.

    The same result may come again, and an earlier one after a later one: the row keeps
    the latest. That a mail was delivered stays true whatever follows.
    """

    _inherit = "clinic.mail.outbox"

    outcome = fields.Selection(
        [
            (mail_outcome.DELIVERED, "Delivered"),
            (mail_outcome.RETRYING, "Tried again later"),
            (mail_outcome.PARKED, "Parked"),
            (mail_outcome.UNKNOWN, "Unclear"),
            (mail_outcome.DISCARDED, "Discarded in the hub"),
        ],
        string="Result",
        readonly=True,
        copy=False,
        help="Delivered: the recipient's mail server, or one before it, took the mail. "
        "Parked: it waits in the hub for a person. "
        "Unclear: it may or may not have been taken; a person decides.",
    )
    outcome_time = fields.Char(
        readonly=True, copy=False, help="As the hub wrote it: later ones sort later."
    )
    outcome_at = fields.Datetime("Reported On", readonly=True, copy=False)
    outcome_retry_at = fields.Datetime("Tried Again On", readonly=True, copy=False)
    mail_message_id = fields.Char("Message-ID of the Mail", readonly=True, copy=False)
    mail_recipient = fields.Char("Recipient", readonly=True, copy=False)
    smtp_response = fields.Char(
        "Mail Server's Answer", readonly=True, copy=False, help="The last one."
    )
    outcome_code = fields.Char(readonly=True, copy=False)
    outcome_text = fields.Char(
        "Details of the Result", readonly=True, copy=False, help="In the words of the hub."
    )
    outcome_summary = fields.Json(readonly=True, copy=False)
    outcome_reason = fields.Char("Reason of the Result", compute="_compute_outcome_reason")
    why = fields.Char(
        "Reason of the Status", compute="_compute_why", help="Odoo's own, or the hub's."
    )
    outcome_by = fields.Char(readonly=True, copy=False, help="As the hub wrote it.")
    outcome_person = fields.Char("Decided By", compute="_compute_outcome_person")

    @api.depends("outcome_summary", "outcome_text")
    @api.depends_context("lang")
    def _compute_outcome_reason(self):
        language = (self.env.lang or "en")[:2]
        for row in self:
            summary = row.outcome_summary or {}
            row.outcome_reason = (
                summary.get(language) or row.outcome_text or summary.get("en") or False
            )

    @api.depends("outcome_by")
    @api.depends_context("lang")
    def _compute_outcome_person(self):
        for row in self:
            unnamed = row.outcome_by == NO_SIGN_IN
            row.outcome_person = (
                self.env._("somebody in the hub's editor, which has no sign-in")
                if unnamed
                else row.outcome_by
            )

    @api.depends("state", "reason_code", "outcome_summary", "outcome_text")
    @api.depends_context("lang")
    def _compute_why(self):
        labels = dict(self._fields["reason_code"]._description_selection(self.env))
        for row in self:
            published = row.state == "published"
            row.why = row.outcome_reason if published else labels.get(row.reason_code)

    # -- the job

    @api.model
    def _job_results(self):
        """Read what the hub says while mails are waited for, within the bounds of one run.

        No transaction of this job is open while it talks to the broker.
        """
        parameters = self.env["ir.config_parameter"].sudo()
        if parameters.get_param("database.is_neutralized") or not self._awaited(1):
            return
        broker = self.env["clinic.mail.broker"]
        try:
            connection = broker._connection()
        except SettingsError:
            return  # the job that publishes says so
        if connection["address"] is None:
            return
        database_uuid = parameters.get_param("database.uuid")
        idle = RECENT_IDLE_SECONDS if self._awaited_recently() else IDLE_SECONDS
        self._commit()
        taken = []

        def take(bodies):
            taken.append(len(bodies))
            return self._take(bodies)

        outcome = broker._receive(connection, database_uuid, take, idle)
        if not outcome.confirmed:
            _logger.info("Results of mails were not read: %s %s", outcome.code, outcome.reason)
        elif taken and self._awaited_recently():
            # Where nothing came the next minute is soon enough: a job that runs keeps an
            # administrator from installing modules.
            self._wake_results()
        self._commit()

    @api.model
    def _before_publishing(self, connection):
        self._ensure_results_queue(connection)
        return super()._before_publishing(connection)

    @api.model
    def _ensure_results_queue(self, connection):
        """Make the queue before the first message: what the hub says of it would be lost."""
        parameters = self.env["ir.config_parameter"].sudo()
        database_uuid = parameters.get_param("database.uuid")
        mark = self._results_queue_mark(connection)
        made = parameters.get_param(QUEUE_PARAMETER) == mark
        self._commit()
        if made:
            return
        broker = self.env["clinic.mail.broker"]
        if broker._receive(connection, database_uuid, self._take, IDLE_SECONDS).confirmed:
            parameters.set_param(QUEUE_PARAMETER, mark)
            self._commit()

    @api.model
    def _results_queue_mark(self, connection):
        """A copy with another UUID has no queue yet, nor has another broker.

        One that was set up anew under its old address is noticed the next day.
        """
        database_uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"{database_uuid} {connection['address']} {self._now():%Y-%m-%d}"

    @api.model
    def _take(self, bodies):
        """Keep a batch; it comes again unless this returns. False: nothing is waited for."""
        self._record_outcomes(bodies)
        awaited = bool(self._awaited(1))
        self._commit()
        return awaited

    @api.model
    def _awaited(self, limit=None):
        """Rows of which the hub has not said the last word."""
        since = self._now() - timedelta(days=AWAITED_DAYS)
        return self.search(
            [
                ("state", "=", "published"),
                ("outcome", "not in", FINAL),
                ("published_at", ">=", since),
            ],
            limit=limit,
        )

    @api.model
    def _awaited_recently(self):
        since = self._now() - timedelta(seconds=RECENT_SECONDS)
        return bool(
            self.search_count(
                [
                    ("state", "=", "published"),
                    ("outcome", "=", False),
                    ("published_at", ">=", since),
                ],
                limit=1,
            )
        )

    @api.model
    def _wake_results(self):
        job = self.env.ref("clinic_purchase_mail.job_results", raise_if_not_found=False)
        if job:
            job.sudo()._trigger()

    @api.model
    def _record(self, token, results):
        recorded = super()._record(token, results)
        if any(outcome.confirmed for outcome in results.values()):
            self._wake_results()
        return recorded

    # -- results

    @api.model
    def _record_outcomes(self, bodies):
        database_uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        outcomes = [
            outcome
            for outcome in self._read_outcomes(bodies)
            if outcome.outcome != mail_outcome.PROBED
        ]
        own = [outcome for outcome in outcomes if outcome.database_uuid == database_uuid]
        if len(own) < len(outcomes):
            _logger.warning(
                "%d results for another database are left out", len(outcomes) - len(own)
            )
        rows = {row.uuid: row for row in self.search([("uuid", "in", [o.id for o in own])])}
        for outcome in sorted(own, key=lambda each: each.time):
            if outcome.id not in rows:
                continue
            # What cannot be recorded would come again for ever, and keep back what follows it.
            try:
                with self.env.cr.savepoint():
                    rows[outcome.id]._record_outcome(outcome)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                raise  # of the database or of this moment, not of the result: the batch comes again
            except Exception:  # pylint: disable=broad-except
                _logger.exception(
                    "The result of message %s cannot be recorded and is left out", outcome.id
                )

    @api.model
    def _read_outcomes(self, bodies):
        outcomes, reasons = [], []
        for body in bodies:
            try:
                outcomes.append(read_outcome(body))
            except Unreadable as error:
                reasons.append(str(error))
        if reasons:
            _logger.warning(
                "%d results of the hub could not be read and are left out: %s",
                len(reasons),
                ", ".join(sorted(set(reasons))),
            )
        return outcomes

    def _record_outcome(self, outcome):
        self.ensure_one()
        if self.state != "published":
            # The hub has it, whatever became of the row meanwhile: not a second time.
            self.write(
                {
                    "state": "published",
                    "published_at": self._now(),
                    "reason_code": False,
                    "reason": False,
                    "lease_token": False,
                    "lease_until": False,
                }
            )
        if self._outdated(outcome):
            return
        news = (self.outcome, self.outcome_code or "") != (outcome.outcome, outcome.reason_code)
        values = {
            "outcome": outcome.outcome,
            "outcome_time": max(outcome.time, self.outcome_time or ""),
            "outcome_at": _datetime(outcome.time),
            "outcome_retry_at": _datetime(outcome.retry_at),
            "mail_message_id": outcome.message_id or self.mail_message_id,
            "mail_recipient": outcome.recipient or self.mail_recipient,
            "smtp_response": outcome.response,
            "outcome_code": outcome.reason_code,
            "outcome_text": outcome.reason,
            "outcome_summary": outcome.summary,
            # Told again, the hub may not remember who decided.
            "outcome_by": outcome.by or (not news and self.outcome_by),
        }
        self.write(values)
        document = self._document()
        if news and document:
            document._clinic_mail_tell(self)

    def _outdated(self, outcome):
        """Whether the row knows better: clocks of several hubs differ, but what arrived, arrived."""
        earlier = bool(self.outcome_time) and outcome.time <= self.outcome_time
        if outcome.outcome == mail_outcome.DELIVERED:
            return earlier and self.outcome == mail_outcome.DELIVERED
        return earlier or self.outcome == mail_outcome.DELIVERED

    @api.model
    def _forgotten_fields(self):
        return [
            *super()._forgotten_fields(),
            *("mail_recipient", "smtp_response", "outcome_text"),
        ]


def _datetime(text):
    """Odoo's moment, in UTC without zone and fractions, of a time of the contract."""
    if not text:
        return False
    try:
        return datetime.fromisoformat(text[:-1]).replace(microsecond=0)
    except ValueError:  # such as 31 February
        return False
