import os

from rsviz.cli import main
from rsviz.programs import IDLE_THREADS

os.environ |= IDLE_THREADS | os.environ  # before a command imports torch
main()
