"""Run supplynet from a checkout: ``python cli.py chokepoints worked_example``."""

import sys

from supplynet.cli import main

if __name__ == "__main__":
    sys.exit(main())
