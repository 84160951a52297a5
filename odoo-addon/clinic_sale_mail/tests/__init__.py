from . import test_confirmation
from . import test_message
from . import test_paths
from . import test_rights
from . import test_rules
from . import test_status
from . import test_web_shop
