from odoo import fields, models

from odoo.addons.clinic_purchase_mail.contract.purchase_message import Line

from .res_company import EVERY, OFF


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "clinic.mail.document"]

    _clinic_mail_action = "clinic_sale_mail.clinic_mail_outbox_action"

    clinic_mail_send = fields.Selection(
        help="Empty: as the customer and the company say. Send: also when staff confirm the "
        "order, and for one that was imported, that was sent by mail before, or that was "
        "confirmed before. It counts for the next confirmation only.",
    )
    clinic_mail_sent_by_staff_at = fields.Datetime(
        help="When somebody sent the order, not just a quotation, to the customer.",
    )
    clinic_mail_policy = fields.Selection(related="company_id.clinic_sale_mail", groups="base.group_user")

    # -- where Odoo would send its mail

    def action_confirm(self):
        if self.env.context.get("send_email"):
            return super().action_confirm()
        # Odoo asks for a mail by the context, and sends none when staff confirm.
        asked = self.filtered(lambda order: order._clinic_mail_asked_for())
        if not asked:
            return super().action_confirm()
        if asked != self:
            super(SaleOrder, self - asked).action_confirm()
        return super(SaleOrder, asked.with_context(send_email=True)).action_confirm()

    def _send_order_confirmation_mail(self):
        replaced = self.filtered(lambda order: order._clinic_mail_replaces())
        if replaced:
            replaced._clinic_mail_enqueue()
        return super(SaleOrder, self - replaced)._send_order_confirmation_mail()

    def _send_order_notification_mail(self, mail_template):
        # By this way goes the mail of a quotation template when staff confirm; other mails,
        # such as that of a payment, and what Odoo postponed before, stay Odoo's.
        if (
            mail_template
            and self.state == "sale"
            and not self.env.context.get("is_async_email")
            and mail_template == self._get_confirmation_template()
            and self._clinic_mail_replaces()
        ):
            self._clinic_mail_enqueue()
            return None
        return super()._send_order_notification_mail(mail_template)

    def _clinic_mail_replaces(self):
        """Whether a confirmation mail of Odoo is this addon's to send."""
        self.ensure_one()
        if self.sudo().company_id.clinic_sale_mail == OFF:
            return False
        # Without any template Odoo sends nothing.
        return self._clinic_mail_asked_for() or bool(self.sudo()._get_confirmation_template())

    def _clinic_mail_asked_for(self):
        """Whether a mail is wanted for every confirmation, also by staff."""
        self.ensure_one()
        order = self.sudo()
        if order.company_id.clinic_sale_mail == OFF or order.clinic_mail_send == "skip":
            return False
        if order.clinic_mail_send or order.company_id.clinic_sale_mail == EVERY:
            return True
        return order._clinic_mail_customer().clinic_sale_mail_send == "always"

    def _clinic_mail_customer(self):
        return self.partner_id.commercial_partner_id.with_company(self.company_id)

    # -- what the outbox asks of a document

    def _clinic_mail_confirmed(self):
        return self.state == "sale"

    def _clinic_mail_switched_off(self):
        return "customer_off" if self._clinic_mail_customer().clinic_sale_mail_send == "never" else None

    def _clinic_mail_template(self):
        return self._clinic_mail_quotation_template() or self.company_id.clinic_sale_mail_template_id

    def _clinic_mail_quotation_template(self):
        """The mail that belongs to the order's quotation template, where Odoo has those."""
        if "sale_order_template_id" not in self._fields:
            return self.env["mail.template"]
        return self.sale_order_template_id.mail_template_id

    def _clinic_mail_order_templates(self):
        stock = self.env.ref("sale.mail_template_sale_confirmation", raise_if_not_found=False)
        templates = self._clinic_mail_template(), stock, self._get_confirmation_template()
        return self.env["mail.template"].union(*filter(None, templates))

    def _clinic_mail_row(self, skip_reason=None, message_id=None):
        return super()._clinic_mail_row(skip_reason, message_id) | {"sale_order_id": self.id}

    def _clinic_mail_facts(self):
        # Once invoiced in parts, an order has lines of down payments, without a quantity.
        products = self.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment
        )
        return {
            "kind": "sale",
            "reference": self.client_order_ref or "",
            "date": self._clinic_mail_day(self.date_order or fields.Datetime.now()),
            "planned_date": self._clinic_mail_day(self.commitment_date),
            "lines": [self._clinic_mail_line(line) for line in products],
            "deliver_to": self.partner_shipping_id.contact_address or "",
            "notes": self._clinic_mail_notes(self.note),
        }

    def _clinic_mail_line(self, line):
        return Line(
            description=line.name,
            quantity=line.product_uom_qty,
            unit_price=line.price_unit,
            subtotal=line.price_subtotal,
            code=line.product_id.default_code or "",
            unit=line.product_uom.name or "",
            discount=line.discount,
        )
