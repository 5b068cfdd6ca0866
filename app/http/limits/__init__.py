"""Limits: sizes of documents, requests executed at once, and what each caller may spend and hold."""
