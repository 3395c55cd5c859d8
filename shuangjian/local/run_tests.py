"""The second half of bin/test: fresh servers, then pytest, whose closing line stays the last one."""

import sys

from shuangjian.local import with_services

if __name__ == "__main__":
    sys.exit(with_services.run([sys.executable, "-m", "pytest", *sys.argv[1:]]))
