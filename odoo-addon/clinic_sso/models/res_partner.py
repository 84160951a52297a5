from odoo import models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        if not self.env.su and ("name" in vals or "email" in vals):
            users = self.sudo().with_context(active_test=False).user_ids._clinic_sso_linked()
            users._clinic_sso_refuse_decided({key: vals[key] for key in ("name", "email") if key in vals})
        return super().write(vals)

    def _signup_retrieve_partner(self, token, check_validity=False, raise_exception=False):
        """A link that was mailed before the suspension sets no password during it."""
        partner = super()._signup_retrieve_partner(
            token, check_validity=check_validity, raise_exception=raise_exception
        )
        users = partner and partner.sudo().with_context(active_test=False).user_ids
        if users and any(user.clinic_sso_suspended for user in users):
            if raise_exception:
                raise UserError(self.env._("This user is suspended; Keycloak decides on that."))
            return False
        return partner
