from . import res_company
from . import res_partner
from . import clinic_mail_outbox
from . import sale_order
from . import res_config_settings
