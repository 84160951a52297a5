from odoo import models


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _check_credentials(self, *, scope, key):
        """Routes with ``auth="bearer"`` ask here alone."""
        uid = super()._check_credentials(scope=scope, key=key)
        if uid and self.env["res.users"].sudo().browse(uid).clinic_sso_suspended:
            return None
        return uid
