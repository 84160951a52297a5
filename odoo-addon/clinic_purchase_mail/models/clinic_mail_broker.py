import os

from odoo import api, models
from odoo.tools import config

from ..amqp.address import read_address, without_prefix
from ..amqp.publisher import Message, publish
from ..amqp.results import ResultLimits, receive
from ..amqp.signature import headers, read_signing_key

#: Section of odoo.conf whose options are named like the environment's variables.
CONFIG_SECTION = "clinic_purchase_mail"
PARAMETERS = {
    "url": "clinic_purchase_mail.amqp_url",
    "signing_key_id": "clinic_purchase_mail.signing_key_id",
    "signing_key": "clinic_purchase_mail.signing_key",
}


class ClinicMailBroker(models.AbstractModel):
    _name = "clinic.mail.broker"
    _description = "Access to the Message Broker of the Clinic Hub"

    @api.model
    def _settings(self):
        """Settings of the broker, from the first place that names one.

        The server's configuration counts before its environment, and both before the
        database: a copy of the database on another server does not bring its broker.

        :return: a dictionary as ``read_address`` takes it; it may name no broker
        """
        settings, _place = self._settings_and_place()
        return settings

    @api.model
    def _settings_and_place(self):
        """The settings, and which place they are from: configuration, environment or database."""
        for name, place in (
            ("configuration", config.misc.get(CONFIG_SECTION, {})),
            ("environment", os.environ),
        ):
            settings = without_prefix(place)
            if any(settings.get(each) for each in ("url", "url_file", "host")):
                return settings, name
        parameters = self.env["ir.config_parameter"].sudo()
        settings = {name: parameters.get_param(key) or "" for name, key in PARAMETERS.items()}
        return settings, "database"

    @api.model
    def _connection(self):
        """What ``_publish`` needs, read while a transaction may be open.

        :return: address (None when no place names a broker), key of the signature (None
            when messages go unsigned), name of the connection
        :raises SettingsError: when a place names a broker or a key wrongly
        """
        settings = self._settings()
        return {
            "address": read_address(settings),
            "key": read_signing_key(settings),
            "name": f"Odoo {self.env.cr.dbname}",
        }

    @api.model
    def _publish(self, connection, bodies):
        """Publish texts by their id; takes seconds when the broker is silent.

        The caller has ended its transaction: nothing here reads the database.

        :param dict connection: of ``_connection``, with an address
        :param dict bodies: message text by id
        :return: an outcome by id
        """
        messages = []
        for message_id, text in bodies.items():
            body = text.encode()
            messages.append(Message(message_id, body, headers(body, connection["key"])))
        return publish(connection["address"], messages, connection_name=connection["name"])

    @api.model
    def _receive(self, connection, database_uuid, take, idle_s):
        """Give what the hub says to ``take``; takes seconds when the broker is silent.

        The caller has ended its transaction, and ``take`` ends those that it opens.

        :param dict connection: of ``_connection``, with an address
        :param float idle_s: when nothing comes for so long, there is nothing more
        :return: whether the results could be read
        """
        return receive(
            connection["address"],
            database_uuid,
            take,
            connection_name=f"{connection['name']}, results",
            limits=ResultLimits(idle_s=idle_s),
        )
