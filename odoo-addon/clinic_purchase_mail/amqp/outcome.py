"""What became of a message, in a closed list of codes that the hub's own errors share."""

import dataclasses
import socket
import ssl

import pika.exceptions as pika_errors
from pika.adapters.utils import connection_workflow as workflow

UNREACHABLE = "AMQP_UNREACHABLE"
CREDENTIALS = "AMQP_CREDENTIALS"
FORBIDDEN = "AMQP_FORBIDDEN"
NOT_FOUND = "AMQP_NOT_FOUND"
UNROUTABLE = "AMQP_UNROUTABLE"
NOT_CONFIRMED = "AMQP_NOT_CONFIRMED"
BLOCKED = "AMQP_BLOCKED"
TIMEOUT = "TIMEOUT"

CODES = (
    UNREACHABLE,
    CREDENTIALS,
    FORBIDDEN,
    NOT_FOUND,
    UNROUTABLE,
    NOT_CONFIRMED,
    BLOCKED,
    TIMEOUT,
)

# https://www.rabbitmq.com/amqp-0-9-1-reference#constants
_REPLY_CODES = {403: FORBIDDEN, 404: NOT_FOUND, 530: FORBIDDEN}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """``confirmed`` means that the broker answers for the message from now on."""

    #: One of ``CODES``; empty when confirmed.
    code: str = ""
    #: In English, for a person who knows the broker; holds no password.
    reason: str = ""

    @property
    def confirmed(self):
        return not self.code


CONFIRMED = Outcome()


def explain(error, address):
    """The outcome of messages that this error of pika, or of the socket, stopped."""
    error = _cause(error)
    where = f"{address.host}:{address.port}"
    if isinstance(error, pika_errors.ProbableAccessDeniedError):
        return Outcome(
            CREDENTIALS,
            f"{where} refuses the user {address.user} the virtual host {address.vhost}",
        )
    if isinstance(
        error, pika_errors.AuthenticationError | pika_errors.ProbableAuthenticationError
    ):
        return Outcome(CREDENTIALS, f"{where} refuses the user {address.user} or the password")
    if isinstance(error, pika_errors.ChannelClosed | pika_errors.ConnectionClosed):
        code = _REPLY_CODES.get(error.reply_code, NOT_CONFIRMED)
        return Outcome(code, f"{where} answered {error.reply_code} {error.reply_text}")
    if isinstance(error, pika_errors.ConnectionBlockedTimeout):
        return Outcome(BLOCKED, f"{where} blocks publishers (memory or disk alarm)")
    if isinstance(error, pika_errors.IncompatibleProtocolError):
        return Outcome(UNREACHABLE, f"What answers at {where} does not speak AMQP 0-9-1")
    if isinstance(error, pika_errors.StreamLostError | pika_errors.AMQPHeartbeatTimeout):
        return Outcome(UNREACHABLE, f"The connection to {where} broke")
    if isinstance(error, workflow.AMQPConnectorStackTimeout | TimeoutError):
        return Outcome(TIMEOUT, f"{where} did not answer in time")
    if isinstance(error, socket.gaierror):
        return Outcome(UNREACHABLE, f"The name {address.host} cannot be resolved")
    if isinstance(error, ssl.SSLError):
        return Outcome(UNREACHABLE, f"TLS with {where} failed: {error.reason or error}")
    if isinstance(error, OSError):
        return Outcome(UNREACHABLE, f"{where} cannot be reached: {error.strerror or error}")
    return Outcome(UNREACHABLE, f"{where} cannot be used: {type(error).__name__}")


def _cause(error):
    """Takes off the wrappers that pika puts around what happened."""
    while True:
        if isinstance(error, workflow.AMQPConnectionWorkflowFailed) and error.exceptions:
            error = error.exceptions[-1]
        elif isinstance(error, workflow.AMQPConnectorPhaseErrorBase):
            error = error.exception
        elif isinstance(error, pika_errors.StreamLostError) and _inner(error):
            error = _inner(error)
        elif type(error) is pika_errors.AMQPConnectionError and _inner(error):
            error = _inner(error)
        else:
            return error


def _inner(error):
    return next((arg for arg in error.args if isinstance(arg, BaseException)), None)
