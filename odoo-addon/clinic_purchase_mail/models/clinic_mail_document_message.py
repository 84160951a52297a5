import logging
import uuid

import psycopg2

from odoo import fields, models
from odoo.tools import html2plaintext

from ..contract.fields import one_line
from ..contract.purchase_message import Order, Party, Unsendable, build, encode

_logger = logging.getLogger(__name__)


class ClinicMailDocumentMessage(models.AbstractModel):
    """The message of a document, and its row in the outbox.

    The document is an order: with company, partner, a person who answers for it, currency,
    amounts, lines (``order_line``) and a page in the portal.
    """

    _inherit = "clinic.mail.document"

    def _clinic_mail_enqueue(self):
        """Put one message a document into the outbox, in the transaction that confirms it."""
        skipped = self.sudo()._clinic_mail_skip_reasons()
        values = [order.sudo()._clinic_mail_row(skipped.get(order.id)) for order in self]
        rows = self.env["clinic.mail.outbox"].sudo().create(values)
        self.sudo()._clinic_mail_after_enqueue(rows)

    def _clinic_mail_row(self, skip_reason=None, message_id=None):
        """Values of the outbox row.

        :param str skip_reason: code why no mail shall go out; None when one shall
        :param str message_id: UUID of a message that was never published; None for a new one
        """
        template = self._clinic_mail_template()
        row = {
            "uuid": message_id or str(uuid.uuid4()),
            "template_id": template.id,
            "to_render": bool(template),
            "res_model": self._name,
            "res_id": self.id,
            "order_name": self.name,
            "company_id": self.company_id.id,
            "next_try": fields.Datetime.now(),
        }
        if skip_reason:
            return row | {"state": "unsent", "reason_code": skip_reason}
        try:
            row["body"] = encode(build(self._clinic_mail_order(row["uuid"])))
        except Unsendable as error:
            row |= {"state": "unsent", "reason_code": error.code, "reason": error.reason}
        except psycopg2.Error:
            raise  # the transaction is over, and Odoo may run it again
        except Exception as error:  # pylint: disable=broad-except
            # No mail is a lesser evil than an order that cannot be confirmed.
            _logger.exception("No message can be written for order %s", self.name)
            row |= {"state": "unsent", "reason_code": "failed", "reason": one_line(str(error))}
        return row

    def _clinic_mail_template(self):
        """The template by which Odoo renders the mail; empty: the hub's templates do."""
        raise NotImplementedError

    def _clinic_mail_order(self, message_id):
        """The document's facts, in the partner's language or else in the company's."""
        language = self.partner_id.lang or self.company_id.partner_id.lang or self.env.lang
        order = self.with_context(lang=language)
        company, partner, person = order.company_id, order.partner_id, order.user_id
        parameters = self.env["ir.config_parameter"]
        base_url = order.get_base_url()
        document_link = ""
        if parameters.get_param("clinic_purchase_mail.document_link"):
            document_link = base_url + order.get_portal_url(report_type="pdf", download=True)
        return Order(
            id=message_id,
            confirmed_at=fields.Datetime.now(),
            database=self.env.cr.dbname,
            database_uuid=parameters.get_param("database.uuid"),
            model=order._name,
            record_id=order.id,
            number=order.name,
            currency=order.currency_id.name,
            currency_digits=order.currency_id.decimal_places,
            price_digits=self.env["decimal.precision"].precision_get("Product Price"),
            amount_untaxed=order.amount_untaxed,
            amount_tax=order.amount_tax,
            amount_total=order.amount_total,
            company=Party(
                name=company.name,
                email=company.email or "",
                phone=company.phone or "",
                tax_id=company.vat or "",
                address=company.partner_id.contact_address or "",
            ),
            fallback_sender=self.env["ir.mail_server"]._get_default_from_address() or "",
            buyer=Party(name=person.name or "", email=person.email or "", phone=person.phone or ""),
            # Answers go to where Odoo takes them in and finds their order, if it does.
            reply_to=company.alias_domain_id.catchall_email or "",
            recipient=Party(
                # The address of a company, such as its warehouse, needs no name of its own.
                name=partner.name or partner.commercial_partner_id.name or "",
                email=partner.email or "",
                language=language or "",
            ),
            payment_terms=order.payment_term_id.name or "",
            link=base_url + order.get_portal_url(),
            document_link=document_link,
            **order._clinic_mail_facts(),
        )

    def _clinic_mail_facts(self):
        """The facts that each kind of document keeps in its own fields.

        :return: ``kind``, ``date`` and ``lines`` of the message's ``Order``, and what of
            ``reference``, ``planned_date``, ``deliver_to`` and ``notes`` there is
        """
        raise NotImplementedError

    def _clinic_mail_notes(self, html):
        """A text of the document's and the remarks between its lines."""
        remarks = self.order_line.filtered(lambda line: line.display_type == "line_note")
        text = html2plaintext(html) if html else ""
        return "\n".join(filter(None, [text, *remarks.mapped("name")]))

    def _clinic_mail_day(self, moment):
        """The day of a moment where the person works who answers for the document."""
        if not moment:
            return None
        zone = self.company_id.partner_id.tz or self.user_id.tz or self.env.user.tz or "UTC"
        return fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()
