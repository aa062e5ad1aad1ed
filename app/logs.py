"""Log lines: one JSON object each, with the request id, and never a value of anybody's data."""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from pathlib import Path

request_id: ContextVar[str] = ContextVar("request_id", default="-")
ROOT = Path(__file__).parent.parent


class JsonFormatter(logging.Formatter):
    """Carriage returns and line feeds are escaped by JSON, so no line can be forged."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": request_id.get(),
            "message": record.getMessage(),
        }
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str) -> None:
    """Everything to standard error. Libraries speak from warnings up: their debug lines quote requests."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("app").setLevel(level)


def describe(error: BaseException) -> str:
    """The type of a fault and where it happened. Its text may quote data and is left out."""
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT / "app")
    ]
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-4:])) or 'unknown'}"
