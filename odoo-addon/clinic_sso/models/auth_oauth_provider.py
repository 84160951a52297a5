from odoo import fields, models

#: Whoever has one of these can give himself everything.
PRIVILEGED = ("base.group_system", "base.group_erp_manager")


class AuthOauthProvider(models.Model):
    _inherit = "auth.oauth.provider"

    clinic_sso_followed = fields.Boolean(
        "Decides on Users",
        help="Internal users are made, changed and archived there, and Odoo follows. What it "
        "decides cannot be changed here by hand.",
    )
    clinic_sso_role_ids = fields.One2many("clinic.sso.role", "provider_id", "Roles and Groups")
    clinic_sso_privileged_ids = fields.Many2many(
        "res.groups",
        "clinic_sso_privileged_rel",
        string="Privileged Groups It May Grant",
        help="Groups that give the administration of Odoo, or bring one of these along. Without "
        "being listed here they are granted by no role.",
    )
    clinic_sso_technical_logins = fields.Text(
        "Technical Users",
        help="One login a line. Internal users with these logins may be made by hand.",
    )
    clinic_sso_fence = fields.Integer(
        "Last Run",
        copy=False,
        help="Number of the synchronisation that wrote last; an earlier one that comes late is "
        "refused. Set it to 0 when the hub begins with a new store.",
    )

    def _clinic_sso_decided_groups(self):
        """Groups of the table and whatever these bring along, but for being an internal user."""
        groups = self.sudo().clinic_sso_role_ids.group_ids
        user = self.env.ref("base.group_user")
        return (groups | groups.trans_implied_ids) - user - user.trans_implied_ids

    def _clinic_sso_is_technical(self, login):
        lines = "\n".join(text or "" for text in self.mapped("clinic_sso_technical_logins"))
        return bool(login) and login in {line.strip() for line in lines.splitlines()}

    def _clinic_sso_all_followed(self):
        return self.sudo().search([("clinic_sso_followed", "=", True)])
