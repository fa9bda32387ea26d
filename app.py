"""All that is deployed, for Chalice to find: the API, the invoke function, the machines' steps, and the schedules."""

from chalicelib.api import application, invoke
from chalicelib.events import (
    alarm_raised,
    execution_ended,
    mend_aliases,
    reconcile,
    seal_audit,
    send_notifications,
    settle_versions,
    sweep_audit,
)
from chalicelib.steps import (
    acquire_lease,
    await_approval,
    check_approval,
    check_health,
    complete_deployment,
    evaluate_step,
    mark_ready,
    measure_init,
    prepare_candidate,
    publish_version,
    reject_version,
    request_approval,
    roll_back,
    shift_traffic,
    take_step,
    validate_deployment,
    verify_package,
    warm_candidate,
)

app = application.app.load_all()

app.register_blueprint(invoke.blueprint)

app.register_blueprint(verify_package.blueprint)
app.register_blueprint(publish_version.blueprint)
app.register_blueprint(measure_init.blueprint)
app.register_blueprint(mark_ready.blueprint)
app.register_blueprint(reject_version.blueprint)

app.register_blueprint(validate_deployment.blueprint)
app.register_blueprint(acquire_lease.blueprint)
app.register_blueprint(prepare_candidate.blueprint)
app.register_blueprint(take_step.blueprint)
app.register_blueprint(request_approval.blueprint)
app.register_blueprint(await_approval.blueprint)
app.register_blueprint(check_approval.blueprint)
app.register_blueprint(evaluate_step.blueprint)
app.register_blueprint(warm_candidate.blueprint)
app.register_blueprint(check_health.blueprint)
app.register_blueprint(shift_traffic.blueprint)
app.register_blueprint(complete_deployment.blueprint)
app.register_blueprint(roll_back.blueprint)

app.register_blueprint(execution_ended.blueprint)
app.register_blueprint(alarm_raised.blueprint)
app.register_blueprint(mend_aliases.blueprint)
app.register_blueprint(reconcile.blueprint)
app.register_blueprint(settle_versions.blueprint)
app.register_blueprint(send_notifications.blueprint)
app.register_blueprint(seal_audit.blueprint)
app.register_blueprint(sweep_audit.blueprint)
