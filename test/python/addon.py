"""Makes the plain-Python parts of the addon importable without Odoo."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "odoo-addon" / "clinic_purchase_mail"))
