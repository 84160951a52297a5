"""Writes the message of a confirmed order: contracts/purchase-message.schema.json, version 1."""

import dataclasses
import datetime
import json

from . import fields

TYPE = "order.confirmed"
VERSION = "1.0"

#: The hub parks a longer body unread, in bytes.
BODY_LIMIT = 1024 * 1024
#: Of the contract.
LINES_LIMIT = 500
#: Of a ready mail, in characters.
SUBJECT_LENGTH = 250
TEXT_LIMIT = 100_000
HTML_LIMIT = 400_000

NO_ADDRESS = "no_address"
BAD_ADDRESS = "bad_address"
NO_SENDER = "no_sender"
NO_CURRENCY = "no_currency"
TOO_LARGE = "too_large"
TEMPLATE = "template"


class Unsendable(Exception):
    """No message can be written for this order, however often one tries."""

    def __init__(self, code, reason):
        super().__init__(reason)
        #: no_address, bad_address, no_sender, no_currency, too_large or template.
        self.code = code
        #: In English.
        self.reason = reason


@dataclasses.dataclass
class Party:
    """The company, the buyer or the recipient, as Odoo has them."""

    name: str
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    address: str = ""
    language: str = ""


@dataclasses.dataclass
class Line:
    """A line with a quantity; sections and notes are none."""

    description: str
    quantity: float
    unit_price: float
    subtotal: float
    code: str = ""
    unit: str = ""
    #: Per cent.
    discount: float = 0.0
    planned_date: datetime.date | None = None


@dataclasses.dataclass
class Order:
    """What a message says, in the values that Odoo has."""

    #: UUID of the message, made at confirmation.
    id: str
    #: In UTC, without time zone.
    confirmed_at: datetime.datetime
    database: str
    database_uuid: str
    model: str
    record_id: int
    kind: str
    number: str
    date: datetime.date
    currency: str
    #: Fraction digits of the currency's amounts.
    currency_digits: int
    #: Fraction digits of prices a unit; Odoo's default is 2.
    price_digits: int
    amount_untaxed: float
    amount_tax: float
    amount_total: float
    company: Party
    buyer: Party
    recipient: Party
    #: Sender where the company has no address of its own.
    fallback_sender: str = ""
    #: Where Odoo takes in answers; empty when it does not.
    reply_to: str = ""
    lines: list[Line] = dataclasses.field(default_factory=list)
    reference: str = ""
    planned_date: datetime.date | None = None
    payment_terms: str = ""
    deliver_to: str = ""
    notes: str = ""
    link: str = ""
    document_link: str = ""


def build(order: Order) -> dict:
    """The message of an order.

    :raises Unsendable: when it has no single recipient, no sender, no currency that has a
        code, or too many lines
    :raises ValueError: when an amount is no number that the contract can hold
    """
    if len(order.lines) > LINES_LIMIT:
        raise Unsendable(
            TOO_LARGE, f"The order has {len(order.lines)} lines; a message takes {LINES_LIMIT}"
        )
    company = _company(order)
    return {
        "type": TYPE,
        "version": VERSION,
        "id": order.id,
        "time": f"{order.confirmed_at.isoformat(timespec='seconds')}Z",
        "source": {
            "database": fields.one_line(order.database),
            "databaseUuid": order.database_uuid,
            "model": order.model,
            "recordId": order.record_id,
        },
        "company": company,
        "buyer": _present(
            name=fields.one_line(order.buyer.name) or company["name"],
            address=fields.mail_address(order.buyer.email),
            phone=_short(order.buyer.phone),
        ),
        "recipient": _recipient(order.recipient),
        "order": _order(order),
    }


def encode(message: dict) -> str:
    """The text whose UTF-8 bytes are published and signed.

    :raises Unsendable: when it is larger than the hub reads
    """
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    size = len(text.encode())
    if size > BODY_LIMIT:
        raise Unsendable(
            TOO_LARGE, f"The message would have {size} bytes; the hub reads {BODY_LIMIT}"
        )
    return text


def with_rendered(message: dict, subject: str, text: str, html: str) -> dict:
    """The message with a mail that is ready, which the hub sends instead of its templates'.

    :raises Unsendable: when a part is empty, or longer than the contract allows
    """
    rendered = {
        "subject": fields.one_line(subject, SUBJECT_LENGTH),
        "text": fields.without_controls(text),
        "html": fields.without_controls(html),
    }
    for name, limit in (("subject", SUBJECT_LENGTH), ("text", TEXT_LIMIT), ("html", HTML_LIMIT)):
        if not rendered[name]:
            raise Unsendable(TEMPLATE, f"The template gives an empty {name}")
        if len(rendered[name]) > limit:
            raise Unsendable(
                TEMPLATE,
                f"The {name} would have {len(rendered[name])} characters; a message takes {limit}",
            )
    return message | {"rendered": rendered}


def _company(order):
    company = order.company
    own = fields.mail_address(company.email)
    sender = own or fields.mail_address(order.fallback_sender)
    if not sender:
        raise Unsendable(NO_SENDER, "The company has no valid e-mail address")
    name = fields.one_line(company.name) or sender
    buyer = fields.mail_address(order.buyer.email)
    incoming = fields.mail_address(order.reply_to)
    reply_to = None
    if incoming:
        reply_to = _present(name=name, address=incoming)
    elif buyer:
        reply_to = _present(name=fields.one_line(order.buyer.name), address=buyer)
    elif own:
        reply_to = _present(name=name, address=own)
    return _present(
        name=name,
        sender=_present(name=name, address=sender),
        replyTo=reply_to,
        phone=_short(company.phone),
        taxId=_short(company.tax_id),
        address=fields.several_lines(company.address),
    )


def _recipient(recipient):
    if not (recipient.email or "").strip():
        raise Unsendable(NO_ADDRESS, "The partner has no e-mail address")
    address = fields.mail_address(recipient.email)
    if not address:
        raise Unsendable(BAD_ADDRESS, "The partner's e-mail is not exactly one valid address")
    return {
        "name": fields.one_line(recipient.name) or address,
        "address": address,
        "language": fields.language(recipient.language),
    }


def _order(order):
    currency = fields.currency(order.currency)
    if not currency:
        raise Unsendable(
            NO_CURRENCY, f"{fields.one_line(order.currency) or 'No currency'} has no ISO 4217 code"
        )

    def amount(value):
        return fields.decimal(value, order.currency_digits)

    return _present(
        kind=order.kind,
        number=_short(order.number) or str(order.record_id),
        reference=_short(order.reference),
        date=order.date.isoformat(),
        plannedDate=_date(order.planned_date),
        currency=currency,
        amountUntaxed=amount(order.amount_untaxed),
        amountTax=amount(order.amount_tax),
        amountTotal=amount(order.amount_total),
        lines=[
            _present(
                code=_short(line.code),
                description=_description(line) or "-",
                quantity=fields.short_decimal(line.quantity),
                unit=_short(line.unit),
                unitPrice=fields.decimal(
                    line.unit_price, max(order.price_digits, order.currency_digits)
                ),
                discount=fields.short_decimal(line.discount) if line.discount else "",
                subtotal=amount(line.subtotal),
                plannedDate=_date(line.planned_date),
            )
            for line in order.lines
        ],
        paymentTerms=fields.one_line(order.payment_terms),
        deliverTo=fields.several_lines(order.deliver_to),
        notes=fields.several_lines(order.notes),
        link=fields.link(order.link),
        documentLink=fields.link(order.document_link),
    )


def _description(line):
    """Odoo writes "[code] name"; the code has a field of its own."""
    description = fields.several_lines(line.description)
    return description.removeprefix(f"[{line.code}]").lstrip() if line.code else description


def _present(**values):
    """Fields without a value are left out, never null."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def _short(text):
    return fields.one_line(text, fields.SHORT_LENGTH)


def _date(value):
    return value.isoformat() if value else ""
