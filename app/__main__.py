"""`python -m app` is `flowport`."""

from app.cli import main

if __name__ == "__main__":
    main()
