"""Where the broker is: read from flat settings, whatever file or table holds them."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

DEFAULT_PORT = 5672
DEFAULT_TLS_PORT = 5671
# RabbitMQ's own defaults; its user guest is accepted from loopback only.
DEFAULT_USER = "guest"
DEFAULT_PASSWORD = "guest"
DEFAULT_VHOST = "/"

#: Of a configuration file's options and, in capitals, of the environment's variables.
PREFIX = "amqp_"


class SettingsError(ValueError):
    """The settings contradict themselves or cannot be read; the text never holds a secret."""


@dataclasses.dataclass(frozen=True)
class Address:
    """A broker and the account used there."""

    host: str
    port: int = DEFAULT_PORT
    vhost: str = DEFAULT_VHOST
    user: str = DEFAULT_USER
    password: str = dataclasses.field(default=DEFAULT_PASSWORD, repr=False)
    tls: bool = False
    #: PEM file of an authority that is trusted besides those of the system.
    ca_file: str = ""

    def __str__(self):
        """For messages and logs: everything but the password."""
        scheme = "amqps" if self.tls else "amqp"
        return f"{scheme}://{self.user}@{self.host}:{self.port}/{self.vhost.lstrip('/')}"


def parse_url(url):
    """Read ``amqp://user:password@host:port/vhost`` (or ``amqps://``).

    User, password and virtual host are percent-encoded, so they may hold any
    character. A missing or empty virtual host is ``/``.

    :raises SettingsError: when it is no such address
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        # The text of the error may quote the password: it is not repeated.
        raise SettingsError(
            "The broker's address cannot be read. Special characters of the password "
            "must be percent-encoded, for example %40 for @."
        ) from error
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise SettingsError(
            "The broker's address must look like amqp://user:password@host:5672/vhost"
        )
    if parts.query or parts.fragment:
        raise SettingsError(
            "The broker's address has a part after ? or #. Such a character in the "
            "password must be percent-encoded."
        )
    tls = parts.scheme == "amqps"
    return Address(
        host=parts.hostname,
        port=port or (DEFAULT_TLS_PORT if tls else DEFAULT_PORT),
        vhost=unquote(parts.path[1:]) or DEFAULT_VHOST,
        user=unquote(parts.username) if parts.username else DEFAULT_USER,
        password=unquote(parts.password) if parts.password else DEFAULT_PASSWORD,
        tls=tls,
    )


def without_prefix(settings: Mapping[str, str]):
    """The settings among others, such as AMQP_HOST in an environment, by their own names."""
    return {
        name.lower().removeprefix(PREFIX): value
        for name, value in settings.items()
        if name.lower().startswith(PREFIX)
    }


def read_address(settings: Mapping[str, str]):
    """Read the settings ``url`` or ``host``, ``port``, ``vhost``, ``user``,
    ``password``, ``tls``, and ``ca_file``.

    ``url`` counts before the others. ``url_file`` and ``password_file`` name files
    that hold the value (secrets of a container); a value given directly counts first.

    :return: an address, or None when the settings name neither ``url`` nor ``host``
    :raises SettingsError: when they name a broker wrongly
    """
    url = _value(settings, "url")
    host = _value(settings, "host")
    if url:
        address = parse_url(url)
    elif host:
        tls = _value(settings, "tls").lower() in ("1", "true", "yes", "on")
        address = Address(
            host=host,
            port=_port(settings, DEFAULT_TLS_PORT if tls else DEFAULT_PORT),
            vhost=_value(settings, "vhost") or DEFAULT_VHOST,
            user=_value(settings, "user") or DEFAULT_USER,
            password=_value(settings, "password") or DEFAULT_PASSWORD,
            tls=tls,
        )
    else:
        return None
    return dataclasses.replace(address, ca_file=_value(settings, "ca_file"))


def read_secret(settings: Mapping[str, str], name):
    """The value of ``name``, or the content of the file that ``<name>_file`` names.

    :return: the empty string when there is neither
    :raises SettingsError: when the file cannot be read
    """
    return _value(settings, name)


def _value(settings, name):
    value = settings.get(name)
    if value not in (None, ""):
        return str(value)
    file = settings.get(f"{name}_file")
    # ca_file is itself a path: there is no ca_file_file.
    if not file or name.endswith("_file"):
        return ""
    try:
        # Editors end a file with a line feed that belongs to no password.
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file of the setting {name}_file cannot be read") from error


def _port(settings, default):
    text = _value(settings, "port")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError("The broker's port must be a number from 1 to 65535")
    return int(text)
