"""What Odoo shows about each addon is what its fragments say."""

import subprocess
import sys
import unittest

from addon import ROOT


class TestReadme(unittest.TestCase):
    def test_readme_of_each_addon_is_made_of_its_fragments(self):
        script = ROOT / "odoo-addon" / "readme.py"
        result = subprocess.run(
            [sys.executable, script, "--check"], capture_output=True, text=True, timeout=30
        )
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
