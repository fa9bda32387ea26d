"""Every step's blueprint, for ``app.py`` to register; a step's own function never imports this."""

from __future__ import annotations

from typing import Final

from chalice.app import Blueprint

from chalicelib.steps import (
    acquire_lease,
    check_health,
    complete_deployment,
    mark_ready,
    measure_init,
    prepare_candidate,
    publish_version,
    reject_version,
    roll_back,
    shift_traffic,
    take_step,
    validate_deployment,
    verify_package,
    warm_candidate,
)

BLUEPRINTS: Final[tuple[Blueprint, ...]] = tuple(
    module.blueprint
    for module in (
        verify_package,
        publish_version,
        measure_init,
        mark_ready,
        reject_version,
        validate_deployment,
        acquire_lease,
        prepare_candidate,
        take_step,
        warm_candidate,
        check_health,
        shift_traffic,
        complete_deployment,
        roll_back,
    )
)
