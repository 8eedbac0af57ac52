"""Entry point of ``python -m millrace_trainer``."""

import sys

from .cli import main

sys.exit(main())
