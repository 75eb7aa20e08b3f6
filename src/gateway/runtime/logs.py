"""Logs: JSON lines on standard error, or readable lines for a person at a terminal. Never a patron, never a PIN."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, readable: bool, level: int = logging.INFO) -> None:
    """Sets up structlog and the standard library's loggers of the libraries used, once a process."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[
        structlog.stdlib.ProcessorFormatter.remove_processors_meta, last
    ])  # fmt: skip
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def is_readable() -> bool:
    """How this process's logs were set up: a child process writes into the same stream, and must write alike."""
    return isinstance(structlog.get_config()["processors"][-1], structlog.dev.ConsoleRenderer)
