"""Settings, read once from the environment (FLOWPORT_*): a module for each subject, all together in `reading.py`."""

from app.settings.listening_settings import is_loopback
from app.settings.names import variable
from app.settings.reading import BadSettings, Settings, described, read_settings

__all__ = ["BadSettings", "Settings", "described", "is_loopback", "read_settings", "variable"]
