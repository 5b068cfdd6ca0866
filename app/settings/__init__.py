"""Settings, read once from the environment (FLOWPORT_*)."""

from app.settings.reading import BadSettings, described, read_settings
from app.settings.settings import Settings
from app.settings.validators import is_loopback, variable

__all__ = ["BadSettings", "Settings", "described", "is_loopback", "read_settings", "variable"]
