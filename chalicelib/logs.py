"""The log of a function: JSON lines without secrets, and without what the settings keep out of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.domain.redaction import fields_of, redact


def function_logger() -> Logger:
    """Make the logger of a function; ``HOTSWAP_REDACT`` names fields, with commas between, that no line tells."""
    logger = Logger(level=os.environ.get("HOTSWAP_LOG_LEVEL", "INFO"))
    # Loggers of one service share what the first of them was made with.
    logger.registered_formatter.json_serializer = _line_of  # type: ignore[attr-defined] # Powertools' own formatter has it
    return logger


def _line_of(document: Mapping[str, Any]) -> str:
    clean = redact(document, fields_of(os.environ.get("HOTSWAP_REDACT", "")))
    # ASCII only: some who read logs take U+2028 and its like for the end of a line, and what follows for one of ours.
    return json.dumps(clean, separators=(",", ":"), default=str)
