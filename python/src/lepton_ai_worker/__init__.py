"""The Python worker: serves one version on a Unix socket, and checks what a version is before it is saved.

Needs the standard library and numpy only, so that it runs inside any version's own environment.
"""
