import contextlib

from odoo import api, fields, models
from odoo.exceptions import AccessDenied, UserError


class ResUsers(models.Model):
    """Suspending: sessions end, and no way leads into Odoo until the user is resumed."""

    _inherit = "res.users"

    clinic_sso_suspended = fields.Boolean("Suspended", readonly=True, copy=False)
    clinic_sso_epoch = fields.Integer(
        readonly=True,
        copy=False,
        help="A part of every session's token: raising it ends all sessions for good.",
    )
    clinic_sso_auth_after = fields.Datetime(
        "Sign-in Required After",
        readonly=True,
        copy=False,
        help="The password was set anew in Keycloak then; who signed in earlier signs in again.",
    )

    def _get_session_token_fields(self):
        return super()._get_session_token_fields() | {"clinic_sso_epoch"}

    @api.model
    def _get_invalidation_fields(self):
        return super()._get_invalidation_fields() | {"clinic_sso_suspended"}

    # Every sign-in by page looks the user up first: password, OAuth, passkey, reset link.
    @api.model
    def _get_login_domain(self, login):
        return super()._get_login_domain(login) + [("clinic_sso_suspended", "=", False)]

    @api.model
    def _get_email_domain(self, email):
        return super()._get_email_domain(email) + [("clinic_sso_suspended", "=", False)]

    def _check_credentials(self, credential, env):
        if self.env.user.sudo().clinic_sso_suspended:
            raise AccessDenied()
        return super()._check_credentials(credential, env)

    @classmethod
    def check(cls, db, uid, passwd):
        # What this process remembers of the password may be older than the suspension: another
        # process tells it only after this check.
        with contextlib.closing(cls.pool.cursor()) as cr:
            cr.execute("SELECT clinic_sso_suspended FROM res_users WHERE id = %s", [uid])
            row = cr.fetchone()
        if not row or row[0]:
            raise AccessDenied()
        return super().check(db, uid, passwd)

    @api.model
    def _auth_oauth_signin(self, provider, validation, params):
        user = self.with_context(active_test=False).search(
            [("oauth_uid", "=", validation["user_id"]), ("oauth_provider_id", "=", provider)]
        )
        # An archived user is refused here, too: Odoo would go on to sign somebody new up.
        if user and (user.clinic_sso_suspended or not user.active):
            raise AccessDenied()
        return super()._auth_oauth_signin(provider, validation, params)

    def _action_reset_password(self, signup_type="reset"):
        if any(user.clinic_sso_suspended for user in self.sudo()):
            raise UserError(self.env._("This user is suspended; Keycloak decides on that."))
        return super()._action_reset_password(signup_type=signup_type)

    def _clinic_sso_end_sessions(self):
        """End every session, also those that would come back to life with the user."""
        if not self:
            return
        self.flush_recordset()
        self.env.cr.execute(
            """
            UPDATE res_users
               SET clinic_sso_epoch = COALESCE(clinic_sso_epoch, 0) + 1, oauth_access_token = NULL
             WHERE id IN %s
            """,
            [self._ids],
        )
        self.invalidate_recordset()
        self.env.registry.clear_cache()
        self.env["res.device"].sudo().search([("user_id", "in", self.ids)])._revoke()
