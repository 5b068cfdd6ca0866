"""Flowport: copies integration flows inside a workspace and exports them to other workspaces."""
