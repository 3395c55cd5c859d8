from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from schools.reference import load_directory
from shuangjian.bureau.import_command import describe
from shuangjian.bureau.reference import load_reference
from shuangjian.core.errors import InvalidInput


class Command(BaseCommand):
    help = "Load towns, guidance centres, departments, calendar and terms; with --schools also the real directory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--schools", action="store_true", help="also load the 223 schools of the district")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = load_reference(actor=None)
            if options["schools"]:
                results["学校"] = load_directory(actor=None)
        except InvalidInput as error:
            raise CommandError(describe(error)) from error
        for subject, result in results.items():
            self.stdout.write(f"{subject}：{result}。")
