from odoo import api, models
from odoo.exceptions import AccessError, UserError

from .auth_oauth_provider import PRIVILEGED

GROUP = "clinic_sso.group_sync"


class ClinicSso(models.AbstractModel):
    """What the clinic hub asks of Odoo. Whoever calls needs the group, and no right on users."""

    _name = "clinic.sso"
    _description = "Keycloak Decides on Users"

    @api.model
    def describe(self, provider_id=None):
        """Everything that the hub needs to know before it plans.

        :param provider_id: id of the provider; without it the one that decides
        """
        provider = self._provider(provider_id)
        self = self.sudo()
        # All of them: some hundred, however many users there are.
        groups = self.env["res.groups"].search([])  # pylint: disable=no-search-all
        xml_ids = self._xml_ids(groups)
        system = self.env.ref("base.group_system")
        users = self.env["res.users"]
        return {
            "provider": provider.id,
            "protected": self._protected().ids,
            "administrators": (system.users - self._root())
            .filtered(lambda user: user.active and not user.clinic_sso_suspended)
            .ids,
            "linked": users.search_count(
                [("oauth_provider_id", "=", provider.id), ("oauth_uid", "!=", False)]
            ),
            "groups": [
                {
                    "number": group.id,
                    "id": xml_ids[group.id],
                    "name": group.full_name,
                    "implies": [xml_ids[implied.id] for implied in group.trans_implied_ids],
                }
                for group in groups
            ],
            "languages": [code for code, _name in self.env["res.lang"].get_installed()],
            "table": [
                {
                    "kind": role.kind,
                    "name": role.name,
                    "groups": sorted(xml_ids[group.id] for group in role.group_ids),
                }
                for role in provider.clinic_sso_role_ids
            ],
        }

    @api.model
    def accounts(self, uids=None, logins=None):
        """All users, archived ones too, or those with these ids of Keycloak or these logins.

        :return: a list a user, for there may be many; groups by their numbers
        """
        self._provider(None, needed=False)
        self.env["res.users"].flush_model()
        self.env["res.partner"].flush_model()
        some = uids is not None or logins is not None
        # Bound as arrays: an empty one is a list without anybody.
        self.env.cr.execute(
            """
            SELECT u.id, u.login, p.name, p.email, p.lang, u.active,
                   COALESCE(u.clinic_sso_suspended, FALSE), u.oauth_provider_id, u.oauth_uid,
                   NOT COALESCE(u.share, FALSE),
                   COALESCE((SELECT array_agg(r.gid ORDER BY r.gid)
                               FROM res_groups_users_rel r WHERE r.uid = u.id), '{}')
              FROM res_users u JOIN res_partner p ON p.id = u.partner_id
             WHERE NOT %s OR u.oauth_uid = ANY(%s) OR lower(u.login) = ANY(%s)
             ORDER BY u.id
            """,
            [some, list(uids or []), [login.lower() for login in logins or []]],
        )
        return [list(row) for row in self.env.cr.fetchall()]

    # -- who and what

    def _provider(self, provider_id, needed=True):
        if not self.env.user.has_group(GROUP):
            raise AccessError(
                self.env._("Only the account of the synchronisation with Keycloak may do this.")
            )
        providers = self.env["auth.oauth.provider"]._clinic_sso_all_followed()
        if provider_id:
            providers = providers.filtered(lambda provider: provider.id == provider_id)
        if needed and len(providers) != 1:
            raise UserError(
                self.env._(
                    "Exactly one OAuth provider must decide on users. Tick it on the provider's form."
                )
            )
        return providers

    def _root(self):
        return self.env.ref("base.user_root")

    def _protected(self):
        """Users that nothing from outside touches."""
        names = ("user_root", "user_admin", "public_user", "default_user", "template_portal_user_id")
        found = self.env["res.users"].browse(self.env.uid)
        for name in names:
            user = self.env.ref(f"base.{name}", raise_if_not_found=False)
            found |= user or self.env["res.users"]
        return found

    def _xml_ids(self, groups):
        names = groups.get_external_id()
        return {group.id: names[group.id] or f"__group__.{group.id}" for group in groups}

    def _privileged(self, groups):
        """Those of the groups that give the administration of Odoo."""
        highest = self.env["res.groups"].browse(self.env.ref(name).id for name in PRIVILEGED)
        return groups.filtered(lambda group: (group | group.trans_implied_ids) & highest)
