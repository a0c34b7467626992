"""The `zoo` command with the arguments of a JSON list."""

import json
import sys

from zoo.cli.main import app

if __name__ == "__main__":
    app(json.loads(sys.argv[1]))
