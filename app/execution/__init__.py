"""Running operations, breadth first: planned, executed, completed, counted, and paced."""
