from . import clinic_mail_test
from . import mail_compose_message
