from odoo import api, models
from odoo.exceptions import UserError

#: Written by the synchronisation alone, on users that it follows.
DECIDED = ("login", "name", "email", "oauth_provider_id", "oauth_uid")


class ResUsers(models.Model):
    """What Keycloak decides is not changed by hand. Code of Odoo itself runs as superuser."""

    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        if not self.env.su:
            users._clinic_sso_refuse_internal()
        return users

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        linked = self._clinic_sso_linked()
        linked._clinic_sso_refuse_decided(vals)
        internal = self.filtered(lambda user: user.id and not user.share)
        held = {user: user._clinic_sso_held() for user in linked}
        result = super().write(vals)
        if any(user._clinic_sso_held() != groups for user, groups in held.items()):
            raise UserError(
                self.env._("The groups of this user come from roles in Keycloak. Change them there.")
            )
        (self - internal)._clinic_sso_refuse_internal()
        return result

    def _clinic_sso_linked(self):
        """Those on whom Keycloak decides."""
        return self.filtered(
            lambda user: user.sudo().oauth_uid and user.sudo().oauth_provider_id.clinic_sso_followed
        )

    def _clinic_sso_held(self):
        user = self.sudo()
        return user.groups_id & user.oauth_provider_id._clinic_sso_decided_groups()

    def _clinic_sso_refuse_decided(self, vals):
        for user in self.sudo():
            for field in DECIDED:
                if field not in vals:
                    continue
                value = user[field].id if field == "oauth_provider_id" else user[field]
                if (vals[field] or False) != (value or False):
                    raise UserError(
                        self.env._(
                            "%(user)s comes from Keycloak: login, name and e-mail address are "
                            "changed there, and Odoo follows within seconds.",
                            user=user.name,
                        )
                    )

    def _clinic_sso_refuse_internal(self):
        providers = self.env["auth.oauth.provider"]._clinic_sso_all_followed()
        if not providers:
            return
        for user in self.sudo():
            if not user.share and not providers._clinic_sso_is_technical(user.login):
                raise UserError(
                    self.env._(
                        "Internal users are made in Keycloak: create the person there and give a "
                        "role that belongs to Odoo; the account appears here within seconds. "
                        "Logins of technical users are listed on the form of the OAuth provider."
                    )
                )
