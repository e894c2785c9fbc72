"""Django's commands, for those who set the environment themselves; `./run manage` sets it for you."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collections_platform.settings")
    execute_from_command_line(sys.argv)
