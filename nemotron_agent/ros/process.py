"""How a process that runs a node begins, and what tells it to end."""

import signal
import socket
from collections.abc import Iterable

import rclpy
from rclpy.signals import SignalHandlerOptions


class EndSignal:
    """SIGINT and SIGTERM, for the main thread to wait for.

    Python tells the handler of a signal only once the main thread runs Python code again. A
    signal that another thread meets, or that comes just before the main thread begins to wait for
    a lock, would not be noticed until that wait ends; the byte that Python writes for each signal
    (`signal.set_wakeup_fd`) always is.
    """

    def __init__(self, numbers: Iterable[int] = (signal.SIGINT, signal.SIGTERM)) -> None:
        self._numbers = frozenset(numbers)
        self._bytes, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in self._numbers:
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        """Wait until one of them has come."""
        while self._bytes.recv(1)[0] not in self._numbers:
            pass


def begin_process(args: list[str] | None) -> EndSignal:
    """Initialise rclpy; return what to wait for, so that the node can end in order."""
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    return EndSignal()
