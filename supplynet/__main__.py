"""``python -m supplynet`` is the command ``supplynet``."""

import sys

from supplynet.cli import main

if __name__ == "__main__":
    sys.exit(main())
