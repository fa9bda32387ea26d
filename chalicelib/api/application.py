"""The application that the API function runs: its routes and their authorizer, but no step of a machine."""

from chalice import Chalice

from chalicelib import cold_start
from chalicelib.api import authorizer, unknown_routes
from chalicelib.api.routes import (
    approval_pages,
    approvals,
    audit,
    authentication,
    configurations,
    deployment_verbs,
    deployments,
    doctor,
    documents,
    effective,
    health,
    installations,
    invocations,
    keys,
    me,
    observations,
    overrides,
    pins,
    plugin_health,
    plugins,
    policies,
    retirements,
    rings,
    tenants,
    usage,
    versions,
)

app = Chalice("hotswap")

app.register_blueprint(authorizer.blueprint)
app.register_blueprint(unknown_routes.blueprint)
app.register_blueprint(health.blueprint)
app.register_blueprint(documents.blueprint)
app.register_blueprint(approval_pages.blueprint)
app.register_blueprint(authentication.blueprint, url_prefix="/v1")
app.register_blueprint(me.blueprint, url_prefix="/v1")
app.register_blueprint(plugins.blueprint, url_prefix="/v1")
app.register_blueprint(versions.blueprint, url_prefix="/v1")
app.register_blueprint(retirements.blueprint, url_prefix="/v1")
app.register_blueprint(overrides.blueprint, url_prefix="/v1")
app.register_blueprint(deployments.blueprint, url_prefix="/v1")
app.register_blueprint(deployment_verbs.blueprint, url_prefix="/v1")
app.register_blueprint(doctor.blueprint, url_prefix="/v1")
app.register_blueprint(keys.blueprint, url_prefix="/v1")
app.register_blueprint(audit.blueprint, url_prefix="/v1")
app.register_blueprint(approvals.blueprint, url_prefix="/v1")
app.register_blueprint(policies.blueprint, url_prefix="/v1")
app.register_blueprint(tenants.blueprint, url_prefix="/v1")
app.register_blueprint(rings.blueprint, url_prefix="/v1")
app.register_blueprint(installations.blueprint, url_prefix="/v1")
app.register_blueprint(configurations.blueprint, url_prefix="/v1")
app.register_blueprint(pins.blueprint, url_prefix="/v1")
app.register_blueprint(effective.blueprint, url_prefix="/v1")
app.register_blueprint(usage.blueprint, url_prefix="/v1")
app.register_blueprint(observations.blueprint, url_prefix="/v1")
app.register_blueprint(plugin_health.blueprint, url_prefix="/v1")
app.register_blueprint(invocations.blueprint, url_prefix="/v1")

cold_start.finish()
