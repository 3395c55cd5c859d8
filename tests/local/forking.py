"""A program that forks two workers, each of which forks one more, and notes their process numbers in a file."""

import os
import sys
import time

notes = open(sys.argv[1], "a", buffering=1)  # noqa: SIM115 - shared by all of them until they are killed
notes.write(f"{os.getpid()}\n")
for _ in range(2):
    if os.fork() == 0:
        notes.write(f"{os.getpid()}\n")
        if os.fork() == 0:
            notes.write(f"{os.getpid()}\n")
        break
while True:
    time.sleep(1)
