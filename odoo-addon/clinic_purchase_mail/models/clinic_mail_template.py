import json
import logging

import psycopg2
from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.tools import html2plaintext, html_sanitize, is_html_empty

from ..contract.fields import one_line
from ..contract.purchase_message import Unsendable, encode, with_rendered

_logger = logging.getLogger(__name__)

#: Batches in which every template may fail until other jobs get their turn.
BROKEN_BATCHES = 5


class ClinicMailTemplate(models.Model):
    """Mails that Odoo renders itself, in the job and so after the confirmation's commit."""

    _inherit = "clinic.mail.outbox"

    template_id = fields.Many2one(
        "mail.template", "Mail Template", readonly=True, ondelete="set null"
    )
    to_render = fields.Boolean(
        readonly=True, help="The mail has still to be rendered by the template."
    )

    @api.model
    def _claim(self, limit):
        """Also renders what is claimed; rows whose template fails are left out as unsent.

        The claim is committed first: rendering takes time, and a job that dies of it shall
        have counted its attempt.
        """
        for _batch in range(BROKEN_BATCHES):
            token, claimed = super()._claim(limit)
            if not claimed:
                return token, claimed
            rows = self.search([("lease_token", "=", token), ("to_render", "=", True)])
            if not rows:
                return token, claimed
            self._commit()
            for row in rows:
                if row._render():
                    claimed[row.uuid] = row.body
                else:
                    del claimed[row.uuid]
            if claimed:
                return token, claimed
            self._commit()
        self._wake()
        return token, {}

    def _render(self):
        """Put the rendered mail into the message; False when the template cannot give one."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                body = encode(with_rendered(json.loads(self.body), **self._rendered_parts()))
        except psycopg2.errors.SerializationFailure:
            raise
        except Exception as error:  # pylint: disable=broad-except
            # Whatever a template does, the mails of others go out.
            reason = error.reason if isinstance(error, Unsendable) else self._last_line(error)
            self.write(
                {
                    "state": "unsent",
                    "reason_code": "template",
                    "reason": reason,
                    "lease_token": False,
                    "lease_until": False,
                }
            )
            _logger.warning("The mail template of message %s cannot be rendered", self.uuid)
            return False
        self.write({"body": body, "to_render": False})
        return True

    def _rendered_parts(self):
        message = json.loads(self.body)
        document = self.env[self.res_model].browse(self.res_id)
        template = self.template_id.exists()
        if not template or not document.exists():
            raise Unsendable("template", self.env._("The template or the order was deleted"))
        language = message["recipient"]["language"]
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        options = {"set_lang": language if language in installed else False}
        template = template.with_company(self.company_id)
        subject = template._render_field("subject", document.ids, **options)[document.id]
        html = template._render_field(
            "body_html", document.ids, options={"post_process": True}, **options
        )[document.id]
        html = html_sanitize(html or "", sanitize_style=False, sanitize_form=True)
        if is_html_empty(html):
            raise Unsendable("template", self.env._("The template gives an empty mail"))
        link = message["order"].get("link")
        if link and escape(link) not in html:
            # The order, and from there its PDF, is one click away whatever the template says.
            label = self.with_context(lang=language).env._("See the order")
            html += Markup('<p><a href="%s">%s</a></p>') % (link, label)
        return {"subject": str(subject or ""), "text": html2plaintext(html), "html": str(html)}

    @api.model
    def _last_line(self, error):
        """The last line of the innermost error: Odoo wraps those of templates."""
        while error.__cause__ is not None:
            error = error.__cause__
        lines = [line for line in str(error).splitlines() if line.strip()]
        return one_line(f"{type(error).__name__}: {lines[-1] if lines else ''}")
