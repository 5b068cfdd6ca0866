"""World files: reading, checking and loading them (`load`)."""

from app.storage.world.load import Mistake, Progress, WorldMistakes, load_into

__all__ = ["Mistake", "Progress", "WorldMistakes", "load_into"]
