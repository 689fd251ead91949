"""`python -m node.cli` is `calcium-node`."""

from node.cli import main

if __name__ == "__main__":
    main()
