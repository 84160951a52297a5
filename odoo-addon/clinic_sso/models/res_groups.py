from odoo import models
from odoo.exceptions import UserError


class ResGroups(models.Model):
    _inherit = "res.groups"

    def write(self, vals):
        if self.env.su or "users" not in vals:
            return super().write(vals)
        providers = self.env["auth.oauth.provider"]._clinic_sso_all_followed()
        decided = self & providers._clinic_sso_decided_groups()
        before = {group: group.sudo().users._clinic_sso_linked() for group in decided}
        result = super().write(vals)
        if any(group.sudo().users._clinic_sso_linked() != users for group, users in before.items()):
            raise UserError(
                self.env._("Members of this group come from roles in Keycloak. Change them there.")
            )
        return result
