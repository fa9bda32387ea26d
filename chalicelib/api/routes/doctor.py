"""The doctor: whether deployments, leases, executions, routes and aliases agree."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.doctor import DoctorQuery, DoctorResource
from chalicelib.ports import Ports
from chalicelib.services.diagnoses import diagnose

blueprint = ApiBlueprint(__name__)


@blueprint.route("/doctor")
@endpoint(blueprint, query=DoctorQuery)
def show_doctor(query: DoctorQuery, ports: Ports) -> Ok[DoctorResource]:
    """
    Name every disagreement between deployment, lease, execution, route and alias, its cause, and the safe verb.

    Nothing is changed: what heals by itself does within a minute or two.

    Raises:
        ValidationError: That is not the id of a plugin (400).
    """
    return Ok(DoctorResource.of(diagnose(ports, plugin_id=query.plugin_id)))
