from . import test_by_hand
from . import test_changes
from . import test_state
from . import test_suspension
