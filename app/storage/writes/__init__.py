"""What plans say, written."""
