from . import test_broker
from . import test_confirmation
from . import test_job
from . import test_copy
