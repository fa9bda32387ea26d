"""What can be measured, a file each."""

from bench.cases import (
    api_start,
    audit_proof,
    burst,
    costs,
    decision,
    deployments,
    detection,
    endpoint_overhead,
    gateway,
    invoke_overhead,
    invoke_start,
    package,
    plugin_load,
    rollbacks,
    routes,
    stack,
    zero_downtime,
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
        detection,
        costs,
        audit_proof,
        gateway,
        deployments,
        zero_downtime,
        burst,
        stack,
    )
}
