from odoo import fields, models

#: Chosen where the order is confirmed: said in the outbox, not once more in the chatter.
SILENT_REASONS = ("company_off", "order_off")
#: Rows whose mail never left and never will.
NEVER_SENT = ("unsent", "discarded")


class PurchaseOrderRules(models.Model):
    """Whether the confirmation of an order is mailed."""

    _inherit = "purchase.order"

    clinic_mail_send = fields.Selection(
        [("send", "Send"), ("skip", "Do not send")],
        string="Mail on Confirmation",
        copy=False,
        help="Empty: as the vendor and the company say. Send: also for an order that was "
        "imported, that was sent by mail before, or that was confirmed before. It counts "
        "for the next confirmation only.",
    )
    clinic_mail_sent_by_staff_at = fields.Datetime(
        "Order Sent by Mail On",
        readonly=True,
        copy=False,
        help="When somebody sent the order, not just a request for quotation, to the vendor.",
    )

    def _clinic_mail_skip_reasons(self):
        """Why no mail shall go out, as a code of the outbox by order id.

        Orders whose mail shall go out are left out.
        """
        before = self._clinic_mail_sent_before()
        reasons = {}
        for order in self:
            reason = order._clinic_mail_skip_reason(order.id in before)
            if reason:
                reasons[order.id] = reason
        return reasons

    def _clinic_mail_skip_reason(self, sent_before):
        """The order's own switch counts first, then what happened, then vendor and company."""
        self.ensure_one()
        if self.clinic_mail_send:
            return "order_off" if self.clinic_mail_send == "skip" else None
        if self.env.context.get("import_file"):
            return "imported"
        if sent_before:
            return "sent_before"
        if self.clinic_mail_sent_by_staff_at:
            return "sent_by_staff"
        supplier = self.partner_id.commercial_partner_id.with_company(self.company_id)
        if supplier.clinic_mail_send == "never":
            return "supplier_off"
        if not self.company_id.clinic_mail_send and supplier.clinic_mail_send != "always":
            return "company_off"
        return None

    def _clinic_mail_sent_before(self):
        """Ids of the orders for which a mail was handed over, or waits to be."""
        rows = self.env["clinic.mail.outbox"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "not in", NEVER_SENT),
            ]
        )
        return set(rows.mapped("res_id"))

    def _clinic_mail_after_enqueue(self, rows):
        """Say in the chatter what is not sent, and forget what counted once."""
        self.filtered(lambda order: order.clinic_mail_send == "send").clinic_mail_send = False
        labels = dict(rows._fields["reason_code"]._description_selection(self.env))
        bodies = {
            row.res_id: self.env._("No confirmation mail was sent: %s.", labels[row.reason_code])
            for row in rows
            if row.state == "unsent" and row.reason_code not in SILENT_REASONS
        }
        orders = self.filtered(lambda order: order.id in bodies)
        if orders:
            orders._message_log_batch(bodies)
