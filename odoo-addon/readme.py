"""Writes each addon's README.rst, which Odoo shows under Apps, from its fragments in readme/.

readme.py           writes
readme.py --check   fails when a file is not what it would write
"""

import ast
import re
import sys
import textwrap
from pathlib import Path

#: Fragments in the order of the Odoo Community Association, with the titles they get.
FRAGMENTS = {
    "DESCRIPTION": "",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known issues / Roadmap",
    "CONTRIBUTORS": "Contributors",
}


def readme(addon):
    """The text of README.rst. Fragments use lists, emphasis, code and blocks of code alone,
    whose Markdown differs from reStructuredText in the code only."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text(encoding="utf-8"))
    title = manifest["name"]
    parts = [f"{'=' * len(title)}\n{title}\n{'=' * len(title)}\n"]
    for name, heading in FRAGMENTS.items():
        file = addon / "readme" / f"{name}.md"
        if not file.exists():
            continue
        text = file.read_text(encoding="utf-8").strip()
        text = re.sub(r"^( *)```\n(.*?)\n *```$", _literal_block, text, flags=re.DOTALL | re.MULTILINE)
        text = re.sub(r"`([^`]+)`", r"``\1``", text)
        parts.append(f"{heading}\n{'=' * len(heading)}\n\n{text}\n" if heading else f"{text}\n")
    return "\n".join(parts)


def _literal_block(match):
    indent, code = match.groups()
    return f"{indent}::\n\n{textwrap.indent(code, '  ')}"


def main(check):
    stale = []
    for fragments in sorted(Path(__file__).parent.glob("*/readme")):
        file = fragments.parent / "README.rst"
        text = readme(fragments.parent)
        if check and (not file.exists() or file.read_text(encoding="utf-8") != text):
            stale.append(str(file))
        elif not check:
            file.write_text(text, encoding="utf-8")
    if stale:
        sys.exit(f"Run {Path(__file__).name}: {', '.join(stale)} differs from its fragments")


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
