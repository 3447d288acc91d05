"""How a process that runs a node begins."""

import signal
import threading

import rclpy
from rclpy.signals import SignalHandlerOptions


def begin_process(args: list[str] | None) -> threading.Event:
    """Initialise rclpy; return what SIGINT and SIGTERM set, so that the node can end in order."""
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
