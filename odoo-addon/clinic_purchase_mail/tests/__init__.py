from . import test_broker
from . import test_confirmation
from . import test_job
from . import test_copy
from . import test_rules
from . import test_actions
from . import test_template
