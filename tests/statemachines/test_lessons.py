"""What hurt users of other products, as far as only a whole run shows that it can't happen here: docs/lessons.md."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.deployed import deploy_first, serves_only
from tests.steps.plans import SMOKE, WARM, a_plan, begin_plan, give_plan, observe, shares, shift
from tests.steps.worlds import ANA, PLUGIN, a_deployment, a_ready_version, answer_badly, stored_version

WATCHED = a_plan(WARM, SMOKE, shift(10), observe(60), shift(100), observe(0))


def nothing(_: Mapping[str, Any]) -> None:
    """Let a call pass as it is."""


def test_r08_a_stable_version_that_is_broken_does_not_keep_its_fix_out(world: FakeWorld, run: Machines) -> None:
    """R8: a broken stable blocked its own fix (argo-rollouts#1774, #3110)."""
    deployment = begin_plan(world, WATCHED)
    answer_badly(world, "1.0.0", "PluginRaised", "the payment service is away")

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert serves_only(world, "2.0.0")


def test_r08_what_fails_on_both_sides_is_not_held_against_the_candidate(world: FakeWorld, run: Machines) -> None:
    """R8: what both need is away, so nothing is known of the candidate: it is held and not rolled back."""
    deployment = begin_plan(world, WATCHED)
    holds: list[str] = []

    def break_both(_: Mapping[str, Any]) -> None:
        for number in ("1.0.0", "2.0.0"):
            answer_badly(world, number, "PluginRaised", "the payment service is away", only="ping")

    def go_on(_: Mapping[str, Any]) -> None:
        hold = world.ports.deployments.get(deployment.id).hold
        holds.append(hold.reason if hold else "")
        say_verb(SayVerb(ANA, Verb.ADVANCE, deployment.id, "it is not the candidate"), world.ports)

    for happening in (break_both, *(nothing,) * 7, go_on):
        run.functions.before_next("evaluate_step", happening)

    run.run("deployment", deployment_id=deployment.id)

    assert len(holds) == 1
    assert "health checks in a row failed, and those of stable too" in holds[0]
    assert shares(world, deployment) == [1_000, 10_000]


@pytest.mark.parametrize("back_to", ["1.0.0", "3.0.0"])
def test_r25_every_version_that_served_once_can_serve_again(back_to: str, world: FakeWorld, run: Machines) -> None:
    """R25: the version that was needed was gone, pruned by age or by count (AppConfig, Cloudflare)."""
    deploy_first(world)
    kept = {"1.0.0": stored_version(world, "1.0.0").code_sha256}
    for number in ("2.0.0", "3.0.0", "4.0.0"):
        a_ready_version(world, number)
        kept[number] = stored_version(world, number).code_sha256
        last = give_plan(world, a_deployment(world, number), a_plan(WARM, SMOKE, shift(100), observe(0)))
        assert run.run("deployment", name=number, deployment_id=last.id).end == "Completed"

    command = SayVerb(ANA, Verb.ROLLBACK, last.id, "it worked then", to_version=back_to)
    undone = say_verb(command, world.ports)

    aliases = {number: world.functions.find_version_alias(PLUGIN, f"v{number.replace('.', '-')}") for number in kept}
    assert {number: found.code_sha256 if found else None for number, found in aliases.items()} == kept
    assert undone.status is DeploymentStatus.ROLLED_BACK
    assert serves_only(world, back_to)
