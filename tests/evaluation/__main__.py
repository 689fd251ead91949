"""`python -m tests.evaluation`."""

from tests.evaluation.run import main

if __name__ == "__main__":
    main()
