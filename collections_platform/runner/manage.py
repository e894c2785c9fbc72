"""./run manage ...: Django's commands on the demo's data, with servers and up-to-date tables under them."""

from django.core.management import execute_from_command_line

from collections_platform.runner import browser_files
from collections_platform.runner.schema import bring_up_to_date
from collections_platform.runner.surroundings import data_folder, product_environment

# These say something about the code alone, or must be able to mend what stands in the way of migrating.
WITHOUT_TABLES = {
    "help",
    "--help",
    "-h",
    "version",
    "--version",
    "makemigrations",
    "migrate",
    "showmigrations",
    "check",
}
AS_OWNER = {"migrate", "flush", "sqlmigrate", "showmigrations"}


def main(argv: list[str]) -> int:
    name = argv[0] if argv else "help"
    rest = list(argv[1:])
    if name in AS_OWNER and not any(word.startswith("--database") for word in rest):
        rest += ["--database", "owner"]
    if name == "collectstatic":
        browser_files.bring_up_to_date()
    with product_environment(data_folder()):
        if name not in WITHOUT_TABLES:
            bring_up_to_date()
        execute_from_command_line(["./run manage", name, *rest])
    return 0
