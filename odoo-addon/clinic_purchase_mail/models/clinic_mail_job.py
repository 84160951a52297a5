import logging
import random
import time
import uuid
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ..amqp.address import SettingsError
from ..amqp.outcome import Outcome
from .clinic_mail_outbox import CONFIGURATION, NOT_CONFIGURED

_logger = logging.getLogger(__name__)

#: Rows claimed, published over one connection and recorded together.
BATCH_ROWS = 50
#: Bounds of one run, after which other jobs get their turn.
RUN_ROWS = 500
RUN_SECONDS = 20
#: How long a claim holds. Publishing ends after at most 26 s (the sum of the publisher's
#: limits); a shorter lease would let a second job publish the same rows meanwhile.
LEASE_SECONDS = 120
#: Seconds until the next attempt, by attempts so far; the last one repeats for ever.
#: Odoo looks for due jobs once a minute, so shorter steps would not come sooner.
BACKOFF_SECONDS = (15, 60, 120, 300)
#: Spread of a delay, so that several databases do not come back in step.
JITTER = 0.2
#: The job is due every minute; overdue by so many seconds, it is not run any more. Other
#: jobs may hold it up for some minutes.
OVERDUE_SECONDS = 900

_LOADED_AT = time.monotonic()


class ClinicMailJob(models.Model):
    """The job that empties the outbox."""

    _inherit = "clinic.mail.outbox"

    @api.model
    def _job_publish(self):
        """Publish what is due, within the bounds of one run.

        No transaction of this job is open while it talks to the broker.
        """
        ends = time.monotonic() + RUN_SECONDS
        rows = 0
        while rows < RUN_ROWS and time.monotonic() < ends:
            token, claimed = self._claim(BATCH_ROWS)
            self._commit()
            if not claimed:
                return
            results = self._hand_over(claimed)
            self._record(token, results)
            self._commit()
            rows += len(claimed)
            if not all(outcome.confirmed for outcome in results.values()):
                return
        self._wake()
        self._commit()

    @api.model
    def _wake(self):
        job = self._job()
        if not job:
            return
        job._trigger()
        # Right after a start, what was due while Odoo was off is overdue for good reason.
        overdue = time.monotonic() - _LOADED_AT > OVERDUE_SECONDS and self._job_overdue_since()
        if overdue:
            _logger.error(
                "Confirmation mails wait: the scheduled action %s has been due since %s UTC "
                "and nothing runs it. Is it active, and does Odoo run scheduled actions? "
                "With workers = 0 their threads may have ended: restart Odoo.",
                job.name,
                overdue,
            )

    @api.model
    def _job(self):
        job = self.env.ref("clinic_purchase_mail.job_publish", raise_if_not_found=False)
        return job and job.sudo()

    @api.model
    def _job_overdue_since(self):
        """When the job should have run, if that is too long ago; otherwise False.

        Odoo's threads that run jobs end, with ``workers = 0``, when one process loads
        two databases or PostgreSQL restarts; and Odoo deactivates a job that fails for
        long. Nothing else would tell.
        """
        due = self._job() and self._job().nextcall
        late = due and self._now() - due > timedelta(seconds=OVERDUE_SECONDS)
        return due if late else False

    @api.model
    def _commit(self):
        self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _claim(self, limit):
        """Lease the oldest due rows, unless an earlier failure still has to be waited for.

        :return: the token of the lease, and message texts by message id
        """
        self.flush_model()
        token = str(uuid.uuid4())
        parameters = self.env["ir.config_parameter"].sudo()
        # Whatever the environment says, a neutralised copy sends nothing.
        if parameters.get_param("database.is_neutralized"):
            return token, {}
        now = self._now()
        query = SQL(
            """
            UPDATE clinic_mail_outbox
               SET lease_token = %(token)s, lease_until = %(until)s, attempts = attempts + 1
             -- As an array it is chosen once: PostgreSQL may run a subquery of IN once a row,
             -- and each time it would pass over the rows that are locked by now.
             WHERE id = ANY(ARRAY(
                SELECT id
                  FROM clinic_mail_outbox
                 WHERE state = 'pending'
                   AND next_try <= %(now)s
                   AND strpos(body, %(source)s) > 0
                   AND (lease_until IS NULL OR lease_until <= %(now)s)
                   AND NOT EXISTS (
                        SELECT 1
                          FROM clinic_mail_outbox
                         WHERE state = 'pending'
                           AND reason_code IS NOT NULL
                           AND next_try > %(now)s
                   )
                 ORDER BY id
                 LIMIT %(limit)s
                   FOR UPDATE SKIP LOCKED
             ))
            RETURNING id, uuid, body
            """,
            token=token,
            # Odoo gives a duplicated database a UUID of its own: rows written before are the
            # original's to send. Quotes inside of a JSON text are escaped, so that no value
            # typed by a person looks like this.
            source=f'"databaseUuid":"{parameters.get_param("database.uuid")}"',
            now=now,
            until=now + timedelta(seconds=LEASE_SECONDS),
            limit=limit,
        )
        try:
            self.env.cr.execute(query, log_exceptions=False)
        except psycopg2.errors.SerializationFailure:
            # Another job claimed a row between this transaction's snapshot and now.
            self.env.cr.rollback()
            return token, {}
        claimed = {message_id: body for _id, message_id, body in sorted(self.env.cr.fetchall())}
        self.invalidate_model(["lease_token", "lease_until", "attempts"])
        return token, claimed

    @api.model
    def _hand_over(self, bodies):
        """Outcomes by message id; never raises for what is wrong outside of Odoo."""
        broker = self.env["clinic.mail.broker"]
        try:
            connection = broker._connection()
        except SettingsError as error:
            return dict.fromkeys(bodies, Outcome(CONFIGURATION, str(error)))
        finally:
            self._commit()
        if connection["address"] is None:
            return dict.fromkeys(bodies, Outcome(NOT_CONFIGURED))
        self._before_publishing(connection)
        return broker._publish(connection, bodies)

    @api.model
    def _before_publishing(self, connection):
        """For what has to be at the broker first; whoever reads the database commits after it."""

    @api.model
    def _record(self, token, results):
        """Write outcomes to the rows that this lease still holds."""
        rows = self.search([("lease_token", "=", token), ("state", "=", "pending")])
        now = self._now()
        confirmed = rows.filtered(lambda row: results[row.uuid].confirmed)
        confirmed.write(
            {
                "state": "published",
                "published_at": now,
                "reason_code": False,
                "reason": False,
                "lease_token": False,
                "lease_until": False,
            }
        )
        failed = rows - confirmed
        if not failed:
            return
        delay = self._delay(max(failed.mapped("attempts")))
        for row in failed:
            outcome = results[row.uuid]
            row.write(
                {
                    "next_try": now + timedelta(seconds=delay),
                    "reason_code": outcome.code,
                    "reason": outcome.reason,
                    "lease_token": False,
                    "lease_until": False,
                }
            )
        _logger.warning(
            "%d of %d messages were not handed over, next attempt in %d s: %s %s",
            len(failed),
            len(rows),
            delay,
            outcome.code,
            outcome.reason,
        )

    @api.model
    def _delay(self, attempts):
        step = BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1]
        return step * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (no secret)

    @api.model
    def _now(self):
        return fields.Datetime.now()
