"""The text that a package index shows: README.md, but for its pictures and its links into this tree, which lead nowhere there.

Everything else of the package is in setup.cfg.
"""

import re
from pathlib import Path

from setuptools import setup

README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
HERE = r"(?!https?://)[^)\s]+"  # a path, no address

setup(long_description=re.sub(rf"\[([^]]*)\]\({HERE}\)", r"\1", re.sub(rf"^!\[[^]]*\]\({HERE}\)\n+", "", README, flags=re.M)))
