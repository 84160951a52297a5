import datetime

import psycopg2

from odoo import Command, api, models
from odoo.exceptions import UserError

#: Kinds of lines in which all of a batch can be written at once.
AT_ONCE = ("suspend", "resume", "archive", "restore", "endSessions", "create")

#: Fields that the hub may set.
VALUES = ("login", "name", "email", "lang")


class ClinicSsoChanges(models.AbstractModel):
    _inherit = "clinic.sso"

    @api.model
    def apply_lines(self, provider_id, lines, fence):
        """Do what the hub planned: the one way in which it changes users.

        Each line is done as a whole or not at all, and none stops another. Doing a line
        twice has the effect of doing it once.

        :param lines: ``kind``, ``subject`` (Keycloak's id), ``account`` (Odoo's, 0 for a new
            one), and by the kind ``values``, ``groups`` (XML ids), ``at``
        :param fence: number of the hub's lease; a lower one than the last is refused
        :return: a dictionary a line: ``ok``, ``text`` of a refusal, ``account``
        """
        provider = self._provider(provider_id)
        self = self.sudo().with_context(no_reset_password=True, active_test=False)
        provider = provider.with_env(self.env)
        self._check_fence(provider, fence)
        results = [None] * len(lines)
        for kind in dict.fromkeys(line["kind"] for line in lines):
            indexes = [index for index, line in enumerate(lines) if line["kind"] == kind]
            some = [lines[index] for index in indexes]
            for index, result in zip(indexes, self._apply_kind(provider, kind, some), strict=True):
                results[index] = result
        return results

    def _check_fence(self, provider, fence):
        # Locks the provider, so that two calls follow each other.
        self.env.cr.execute(
            "SELECT clinic_sso_fence FROM auth_oauth_provider WHERE id = %s FOR UPDATE", [provider.id]
        )
        if fence < (self.env.cr.fetchone()[0] or 0):
            raise UserError(
                self.env._(
                    "A later synchronisation has taken over; this one comes late. If the hub has a "
                    "new store, set Last Run to 0 on the provider's form."
                )
            )
        provider.clinic_sso_fence = fence
        provider.flush_recordset(["clinic_sso_fence"])

    def _apply_kind(self, provider, kind, lines):
        handler = getattr(self, f"_apply_{kind}", None)
        if kind not in (*AT_ONCE, "link", "update", "addGroups", "removeGroups") or not handler:
            return [self._refusal(self.env._("This version does not know how to do this.")) for _ in lines]
        if kind in AT_ONCE and len(lines) > 1:
            result, failure = self._guarded(lambda: handler(provider, lines))
            if not failure:
                return result
        results = []
        for line in lines:
            result, failure = self._guarded(lambda line=line: handler(provider, [line]))
            results.append(self._refusal(failure) if failure else result[0])
        return results

    def _guarded(self, work):
        """The result, or the text of the failure after undoing what was done."""
        try:
            with self.env.cr.savepoint():
                result = work()
                self.env.flush_all()
                return result, None
        except UserError as error:  # ValidationError and AccessError are such
            self.env.invalidate_all()
            return None, str(error).split("\n")[0] or type(error).__name__
        except psycopg2.IntegrityError:
            self.env.invalidate_all()
            return None, self.env._("The login, or the user of Keycloak, has an account already.")

    @staticmethod
    def _refusal(text):
        return {"ok": False, "text": text}

    @staticmethod
    def _done(users):
        return [{"ok": True, "account": user.id} for user in users]

    # -- lines by their kind

    def _users(self, provider, lines):
        """The users of the lines, each of them linked as the line says, in their order."""
        users = self.env["res.users"].browse([line["account"] for line in lines])
        protected = self._protected()
        for line, user in zip(lines, users, strict=True):
            if not user.exists() or user.oauth_provider_id != provider or user.oauth_uid != line["subject"]:
                raise UserError(self.env._("This account does not belong to that user of Keycloak."))
            if user in protected or user.share:
                raise UserError(self.env._("This account is not touched from outside."))
        return users

    def _apply_suspend(self, provider, lines):
        users = self._users(provider, lines)
        self._keep_administrator(users)
        users.write({"clinic_sso_suspended": True})
        users._clinic_sso_end_sessions()
        return self._done(users)

    def _apply_resume(self, provider, lines):
        users = self._users(provider, lines)
        users.write({"clinic_sso_suspended": False})
        users._clinic_sso_end_sessions()
        return self._done(users)

    def _apply_archive(self, provider, lines):
        users = self._users(provider, lines)
        self._keep_administrator(users)
        users.api_key_ids.unlink()
        users._clinic_sso_end_sessions()
        users.write({"active": False})
        return self._done(users)

    def _apply_restore(self, provider, lines):
        users = self._users(provider, lines)
        users._clinic_sso_end_sessions()
        users.write({"active": True})
        return self._done(users)

    def _apply_endSessions(self, provider, lines):
        users = self._users(provider, lines)
        for line, user in zip(lines, users, strict=True):
            since = datetime.datetime.fromtimestamp(line["at"] // 1000, datetime.timezone.utc)
            since = since.replace(tzinfo=None)
            if user.clinic_sso_auth_after and user.clinic_sso_auth_after >= since:
                continue  # told before: who signed in since then stays
            user.clinic_sso_auth_after = since
            user._clinic_sso_end_sessions()
        return self._done(users)

    def _apply_link(self, provider, lines):
        users = self.env["res.users"].browse([line["account"] for line in lines])
        for line, user in zip(lines, users, strict=True):
            if user.oauth_uid and (user.oauth_provider_id != provider or user.oauth_uid != line["subject"]):
                raise UserError(self.env._("This account belongs to another user already."))
            if user in self._protected() or user.share or self._privileged(user.groups_id):
                raise UserError(self.env._("An administrator links this account by hand."))
            user.write({"oauth_provider_id": provider.id, "oauth_uid": line["subject"]})
        return self._done(users)

    def _apply_update(self, provider, lines):
        users = self._users(provider, lines)
        for line, user in zip(lines, users, strict=True):
            values = self._values(line)
            if values.get("login", user.login) != user.login:
                self._check_logins([values["login"]])
            user.write(values)
        return self._done(users)

    def _apply_addGroups(self, provider, lines):
        users = self._users(provider, lines)
        for line, user in zip(lines, users, strict=True):
            groups = self._grantable(provider, line["groups"])
            user.write({"groups_id": [Command.link(group.id) for group in groups]})
        return self._done(users)

    def _apply_removeGroups(self, provider, lines):
        users = self._users(provider, lines)
        decided = provider._clinic_sso_decided_groups()
        for line, user in zip(lines, users, strict=True):
            groups = self._groups(line["groups"])
            if groups - decided:
                raise UserError(self.env._("This group is none of the table; it is taken by hand."))
            if self.env.ref("base.group_system") in groups:
                self._keep_administrator(user)
            user.write({"groups_id": [Command.unlink(group.id) for group in groups]})
        return self._done(users)

    def _apply_create(self, provider, lines):
        user_group = self.env.ref("base.group_user")
        vals_list = []
        for line in lines:
            groups = self._grantable(provider, line["groups"]) | user_group
            vals_list.append(
                {
                    **self._values(line),
                    "oauth_provider_id": provider.id,
                    "oauth_uid": line["subject"],
                    "groups_id": [Command.set(groups.ids)],
                }
            )
        self._check_logins(vals["login"] for vals in vals_list)
        return self._done(self.env["res.users"].create(vals_list))

    # -- what may be

    def _values(self, line):
        values = {name: line["values"][name] for name in VALUES if name in line["values"]}
        if not values.get("login", "x"):
            raise UserError(self.env._("A user needs a login."))
        return values

    def _check_logins(self, logins):
        """Says it in words before PostgreSQL does; its log is for what nobody expects."""
        taken = self.env["res.users"].search([("login", "in", list(logins))], limit=1)
        if taken:
            raise UserError(self.env._("The login %s has an account already.", taken.login))

    def _groups(self, names):
        groups = self.env["res.groups"]
        for name in names:
            found = self.env.ref(name, raise_if_not_found=False)
            if not found or found._name != "res.groups":
                raise UserError(self.env._("Odoo has no group %s.", name))
            groups |= found
        return groups

    def _grantable(self, provider, names):
        """The groups, when the table grants them; a stolen key of the hub grants no more."""
        groups = self._groups(names)
        table = provider.clinic_sso_role_ids.group_ids | self.env.ref("base.group_user")
        if groups - table:
            raise UserError(self.env._("This group is none of the table on the provider's form."))
        if self._privileged(groups) - provider.clinic_sso_privileged_ids:
            raise UserError(self.env._("This group is privileged and not listed on the provider's form."))
        return groups

    def _keep_administrator(self, users):
        left = self.env.ref("base.group_system").users.filtered(
            lambda user: user.active and not user.clinic_sso_suspended
        )
        if left & users and not left - users - self._root():
            raise UserError(self.env._("The last administrator stays."))
