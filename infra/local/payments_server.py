"""
Entry point of the payment network's process: localstripe, kept to this machine and to its memory.

By itself localstripe listens on every address and keeps its data in a file under /tmp that anybody may write.
"""

import argparse

from aiohttp import web


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--run", help="marks the process as ours", required=True)
    given = parser.parse_args()
    from localstripe import resources, server

    resources.Store.dump_to_disk = lambda _store: None
    web.run_app(server.app, host="127.0.0.1", port=given.port, print=None)


if __name__ == "__main__":
    main()
