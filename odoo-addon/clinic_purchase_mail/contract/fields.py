"""Brings what people typed into Odoo into the forms that the contract allows.

The patterns are those of contracts/purchase-message.schema.json.
"""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

NAME_LENGTH = 200
SHORT_LENGTH = 64
TEXT_LENGTH = 4000
LINK_LENGTH = 2048
ADDRESS_LENGTH = 254

#: Fraction digits of a decimal, at most.
DECIMAL_DIGITS = 6
#: Digits before the point, at most.
INTEGER_DIGITS = 15

_LINE_BREAKERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: Halves of a character, which UTF-8 cannot write; JSON can bring them in.
_SURROGATES = re.compile(r"[\ud800-\udfff]")
#: Spaces, and marks of direction and width, that people paste along with an address.
_UNSEEN = (
    " \t\n\v\f\r\x85\xa0\u2028\u2029\u3000"
    "\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Z][a-z]{3})?(?:_[A-Z]{2}|_[0-9]{3})?(?:@[a-z]{2,8})?")
_LINK = re.compile(
    r"https?://[A-Za-z0-9.\[\]:-]+(?:[/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?"
)
_ADDRESS = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
_NAMED_ADDRESS = re.compile(r'(?:"[^"]*"\s*|[^<>"@,;]*)<([^<>]*)>')


def one_line(text, length=NAME_LENGTH):
    """The text on one line, cut to ``length``; empty for no text."""
    return _cut(" ".join(_LINE_BREAKERS.sub(" ", _whole(text)).split()), length)


def several_lines(text):
    """The text without control characters and outer blank lines, cut; empty for no text."""
    lines = _CONTROLS.sub("", _whole(text).replace("\r\n", "\n").replace("\r", "\n"))
    return _cut(lines.strip(), TEXT_LENGTH)


def without_controls(text):
    """The text without control characters and outer blanks, uncut; line ends are line feeds."""
    return _CONTROLS.sub("", _whole(text).replace("\r\n", "\n").replace("\r", "\n")).strip()


def mail_address(text):
    """The one address in the text, its domain in ASCII; empty when it is not exactly one.

    Accepts ``a@b.example`` and ``Name <a@b.example>``, never a list; what is not seen
    at its ends does not count.
    """
    text = (text or "").strip(_UNSEEN)
    named = _NAMED_ADDRESS.fullmatch(text)
    inner = (named.group(1) if named else text).strip(_UNSEEN)
    if len(inner) > ADDRESS_LENGTH:
        return ""
    local, _at, domain = inner.rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:  # an empty or too long label, or one that IDNA forbids
        return ""
    return address if len(address) <= ADDRESS_LENGTH and _ADDRESS.fullmatch(address) else ""


def link(url):
    """The address of a web page, or empty when the contract does not take it."""
    url = url or ""
    return url if len(url) <= LINK_LENGTH and _LINK.fullmatch(url) else ""


def currency(code):
    """The ISO 4217 code, or empty for a unit that has none, such as Chile's UF."""
    return code if code and _CURRENCY.fullmatch(code) else ""


def language(code, default="en_US"):
    """Odoo's code of a language."""
    return code if code and _LANGUAGE.fullmatch(code) else default


def decimal(value, digits):
    """The number with exactly so many fraction digits, rounded half up.

    :param value: a float is taken by its shortest form: 0.125 is 0.125
    :raises ValueError: when it is no number, or has more digits than the contract allows
    """
    try:
        number = Decimal(str(value))
        rounded = number.quantize(Decimal(1).scaleb(-min(digits, DECIMAL_DIGITS)), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number that can be written") from error
    if not rounded.is_finite() or rounded.adjusted() >= INTEGER_DIGITS:
        raise ValueError(f"{value!r} has more than {INTEGER_DIGITS} digits before the point")
    return f"{abs(rounded) if rounded.is_zero() else rounded:f}"


def short_decimal(value):
    """The number without needless zeros: 2, 2.5, 0.333333."""
    text = decimal(value, DECIMAL_DIGITS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(text):
    return _SURROGATES.sub("\ufffd", text or "")


def _cut(text, length):
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
