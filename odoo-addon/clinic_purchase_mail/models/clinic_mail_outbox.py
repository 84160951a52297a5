from odoo import api, fields, models
from odoo.tools import create_index

from ..amqp import outcome as outcomes

NOT_CONFIGURED = "not_configured"
CONFIGURATION = "configuration"
#: Such a row is beside an earlier one, which says what became of the document's mail.
SENT_BEFORE = "sent_before"

#: Customers and vendors who sign in to the portal read their orders, and nothing of this there.
STAFF = "base.group_user"

#: States in which a message may still be published.
UNDECIDED = ("pending", "held")

#: What a person reads: the row's own state until it is handed over, then the hub's word.
STATUS = [
    ("pending", "Waiting"),
    ("held", "Held"),
    ("published", "Handed over"),
    ("retrying", "Tried again later"),
    ("delivered", "Delivered"),
    ("parked", "Parked"),
    ("unknown", "Unclear"),
    ("unsent", "Not sent"),
    ("skipped", "Skipped"),
    ("discarded", "Discarded"),
]

_WAKE_KEY = "clinic_purchase_mail.wake"


class ClinicMailOutbox(models.Model):
    """Messages on their way to the hub.

    pending → published. A row that cannot be written as a message is unsent from the
    start; one that shall not leave by itself, as in a restored database, is held until a
    person releases it. While pending, a row is free or leased by one job; a lease that ran out is as
    good as none, and its message is published again under the same id.
    """

    _name = "clinic.mail.outbox"
    _description = "Confirmation Mail Handed to the Hub"
    _order = "id desc"
    _rec_name = "order_name"

    uuid = fields.Char("Message ID", required=True, readonly=True, copy=False)
    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Document", model_field="res_model", readonly=True)
    order_name = fields.Char("Order", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    body = fields.Text(
        readonly=True,
        prefetch=False,
        groups="purchase.group_purchase_manager,base.group_system",
        help="The message, exactly as it is published.",
    )
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("held", "Held"),
            ("published", "Handed over"),
            ("unsent", "Not sent"),
            ("discarded", "Discarded"),
        ],
        required=True,
        readonly=True,
        default="pending",
    )
    status = fields.Selection(STATUS, compute="_compute_status", store=True)
    attempts = fields.Integer(readonly=True, default=0)
    next_try = fields.Datetime("Next Attempt", readonly=True)
    published_at = fields.Datetime("Handed Over On", readonly=True)
    reason_code = fields.Selection(
        [
            ("no_address", "The partner has no e-mail address"),
            ("bad_address", "The partner's e-mail is not exactly one valid address"),
            ("no_sender", "The company has no e-mail address"),
            ("no_currency", "The order's currency has no ISO code"),
            ("too_large", "The order is too large for a message"),
            ("failed", "The message could not be written"),
            ("template", "The mail template cannot be rendered"),
            ("company_off", "The company sends no confirmation mails"),
            ("supplier_off", "The vendor gets no confirmation mails"),
            ("order_off", "The order shall not be mailed"),
            ("imported", "The order was imported"),
            ("sent_by_staff", "Staff sent the order by mail before it was confirmed"),
            (SENT_BEFORE, "The order was mailed when it was confirmed before"),
            (NOT_CONFIGURED, "No broker is configured"),
            (CONFIGURATION, "The broker's address is wrong"),
            (outcomes.UNREACHABLE, "The broker cannot be reached"),
            (outcomes.CREDENTIALS, "The broker refuses user, password or virtual host"),
            (outcomes.FORBIDDEN, "The broker refuses the right to publish"),
            (outcomes.NOT_FOUND, "The broker has no such exchange"),
            (outcomes.UNROUTABLE, "No queue takes the message"),
            (outcomes.NOT_CONFIRMED, "The broker refused the message"),
            (outcomes.BLOCKED, "The broker takes no messages now"),
            (outcomes.TIMEOUT, "The broker did not answer in time"),
        ],
        string="Reason",
        readonly=True,
    )
    reason = fields.Char("Details", readonly=True, help="In the words of the server.")
    lease_token = fields.Char(readonly=True, copy=False)
    lease_until = fields.Datetime(readonly=True, copy=False)

    _sql_constraints = [
        ("uuid_unique", "UNIQUE(uuid)", "Two messages cannot have the same ID."),
    ]

    def init(self):
        # Published rows are many and stay; the job looks for the few others.
        create_index(
            self.env.cr,
            "clinic_mail_outbox_pending_index",
            self._table,
            ["next_try", "id"],
            where="state = 'pending'",
        )
        # By it a document finds its rows, and lists of documents the latest one of each.
        create_index(
            self.env.cr,
            "clinic_mail_outbox_document_index",
            self._table,
            ["res_model", "res_id", "id"],
        )

    @api.depends("state", "outcome", "reason_code")
    def _compute_status(self):
        rules = self._reasons_of_rules()
        for row in self:
            if row.state == "published":
                row.status = row.outcome or row.state
            elif row.state == "unsent" and row.reason_code in rules:
                row.status = "skipped"
            else:
                row.status = row.state

    @api.model
    def _reasons_of_rules(self):
        """Codes of rows whose mail somebody did not want: nothing is to be corrected."""
        return {
            *("company_off", "supplier_off", "order_off"),
            *("imported", "sent_by_staff", SENT_BEFORE),
        }

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        if any(row.state == "pending" for row in rows):
            self._wake_at_commit()
        return rows

    @api.model
    def _wake_at_commit(self):
        """Wake the job once when this transaction commits, however many rows it made."""
        precommit = self.env.cr.precommit
        if not precommit.data.get(_WAKE_KEY):
            precommit.data[_WAKE_KEY] = True
            precommit.add(self._wake)

    def action_open_document(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Order"),
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
