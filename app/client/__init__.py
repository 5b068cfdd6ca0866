"""The commands that call a server: releases of many flows, from files that are kept in git."""
