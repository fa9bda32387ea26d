"""What can be measured, a file each."""

from bench.cases import (
    api_start,
    costs,
    decision,
    endpoint_overhead,
    gateway,
    invoke_overhead,
    invoke_start,
    package,
    plugin_load,
    rollbacks,
    routes,
    stack,
)

CASES = {
    module.CASE.name: module.CASE
    for module in (
        invoke_start,
        api_start,
        package,
        endpoint_overhead,
        plugin_load,
        decision,
        invoke_overhead,
        routes,
        rollbacks,
        costs,
        gateway,
        stack,
    )
}
