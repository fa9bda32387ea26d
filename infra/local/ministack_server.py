"""
Entry point of the emulator's process: wrap MiniStack, then serve until the process group is ended.

Run as ``python -m infra.local.ministack_server --run TOKEN``. All settings come from the environment
that `infra.local.emulator` makes; the token only marks the process as ours.
"""

import sys

from infra.local import (
    code_cache,
    error_names,
    faults,
    function_processes,
    gateway_errors,
    iam_gaps,
    identity_gaps,
    isolated_tenants,
    pins,
    resource_gaps,
    weighted_aliases,
)


def main() -> None:
    """
    Serve.

    Raises:
        EmulatorChangedError: MiniStack is not the pinned one; nothing has been wrapped.
    """
    pins.check()
    for gap in (
        weighted_aliases,
        isolated_tenants,
        gateway_errors,
        resource_gaps,
        iam_gaps,
        identity_gaps,
        error_names,
        code_cache,
        function_processes,
        faults,
    ):
        gap.install()
    from ministack import app

    # MiniStack reads the command line as its own.
    sys.argv = ["ministack"]
    app.main()


if __name__ == "__main__":
    main()
