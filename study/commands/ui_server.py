"""MLflow's server in a process that ends when the one that started it does, however that ends; `study ui` starts it.

The server reads from its standard input until that is closed, which the kernel does when the process at the other end is
gone, even by SIGKILL. (Linux can send a signal to a child whose parent dies, but not to the child's own children, and MLflow's
server has one.)
"""

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run `mlflow` with the arguments of this process, until standard input ends."""
    threading.Thread(target=_end_with_the_input, name="end of the input", daemon=True).start()
    runpy.run_module("mlflow", run_name="__main__", alter_sys=True)


def _end_with_the_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    # Not SIGTERM, which would end this process before it could see to the others. MLflow's store is transactional.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
