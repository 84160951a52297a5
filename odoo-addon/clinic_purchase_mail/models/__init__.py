from . import clinic_mail_broker
from . import clinic_mail_outbox
from . import clinic_mail_job
from . import purchase_order
from . import res_config_settings
