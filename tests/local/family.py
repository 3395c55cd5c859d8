"""A small demo for the orphan test: real servers and a forking program under a supervisor."""

import subprocess
import sys
from pathlib import Path

from shuangjian.local import processes
from shuangjian.local.postgres import Postgres
from shuangjian.local.supervisor import Service, Supervisor
from shuangjian.local.valkey import Valkey


def main(home: Path) -> None:
    supervisor = Supervisor([], print)
    postgres = Postgres(home / "pg", home / "pg.log", durable=False)
    valkey = Valkey(home / "valkey", home / "valkey.log")
    supervisor.run(Service("postgres", postgres.start, postgres.log))
    supervisor.run(Service("valkey", valkey.start, valkey.log))

    def forking() -> subprocess.Popen[bytes]:
        module = [sys.executable, "-m", "shuangjian.local.tied", "tests.local.forking", str(home / "forked")]
        return processes.spawn(module)

    supervisor.run(Service("forking", forking, home / "forking.log"))
    servers = [service.process.pid for service in supervisor.services if service.process]
    (home / "servers").write_text(" ".join(map(str, servers)))
    (home / "ready").touch()
    supervisor.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
