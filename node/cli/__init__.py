"""Command line: one module a group of commands; tables for people, JSON for programs.

In:      arguments, the configuration.
Out:     the answer on standard output, everything else on standard error; exit statuses of `exits`.
Keeps:   nothing.
Hostile: whatever a person types: a wrong word is a usage error with a sentence, never a traceback.
Alone:   tests/node/cli: exit status, standard output, standard error.

Heavy libraries are imported inside the commands: `calcium-node --help` answers at once.
"""


def main() -> None:
    """Entry point of the command `calcium-node`."""
    from node.cli.app import run

    run()
