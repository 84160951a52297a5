from odoo import fields, models

from ..contract.purchase_message import Line

CONFIRMED = ("purchase", "done")


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "clinic.mail.document"]

    clinic_mail_send = fields.Selection(
        help="Empty: as the vendor and the company say. Send: also for an order that was "
        "imported, that was sent by mail before, or that was confirmed before. It counts "
        "for the next confirmation only.",
    )
    clinic_mail_sent_by_staff_at = fields.Datetime(
        help="When somebody sent the order, not just a request for quotation, to the vendor.",
    )

    def button_approve(self, force=False):
        # With two-step approval, or by an override, an order may stay as it was.
        open_orders = self.filtered(lambda order: order.state not in CONFIRMED)
        result = super().button_approve(force=force)
        open_orders.filtered(lambda order: order.state in CONFIRMED)._clinic_mail_enqueue()
        return result

    def _clinic_mail_confirmed(self):
        return self.state in CONFIRMED

    def _clinic_mail_switched_off(self):
        supplier = self.partner_id.commercial_partner_id.with_company(self.company_id)
        if supplier.clinic_mail_send == "never":
            return "supplier_off"
        if not self.company_id.clinic_mail_send and supplier.clinic_mail_send != "always":
            return "company_off"
        return None

    def _clinic_mail_template(self):
        return self.company_id.clinic_mail_template_id

    def _clinic_mail_order_templates(self):
        stock = self.env.ref("purchase.email_template_edi_purchase_done", raise_if_not_found=False)
        own = self._clinic_mail_template()
        return own | stock if stock else own

    def _clinic_mail_facts(self):
        products = self.order_line.filtered(lambda line: not line.display_type)
        return {
            "kind": "purchase",
            "reference": self.partner_ref or "",
            "date": self._clinic_mail_day(self.date_approve or fields.Datetime.now()),
            "planned_date": self._clinic_mail_day(self.date_planned),
            "lines": [self._clinic_mail_line(line) for line in products],
            "deliver_to": self.dest_address_id.contact_address or "",
            "notes": self._clinic_mail_notes(self.notes),
        }

    def _clinic_mail_line(self, line):
        return Line(
            description=line.name,
            quantity=line.product_qty,
            unit_price=line.price_unit,
            subtotal=line.price_subtotal,
            code=line.product_id.default_code or "",
            unit=line.product_uom.name or "",
            discount=line.discount,
            planned_date=self._clinic_mail_day(line.date_planned),
        )
