"""The parameter-based system as a whole: three services, the proxy, real processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

