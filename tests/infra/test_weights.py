from hypothesis import given
from hypothesis import strategies as some

from infra.local.weighted_aliases import draw_version


def test_alias_without_weights_serves_its_own_version_always() -> None:
    assert draw_version({"FunctionVersion": "7"}, 0.0) == "7"
    assert draw_version({"FunctionVersion": "7", "RoutingConfig": {}}, 0.999) == "7"


@given(weight=some.floats(0, 1), share=some.floats(0, 1, exclude_max=True))
def test_other_version_serves_exactly_its_share(weight: float, share: float) -> None:
    alias = {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": weight}}}

    assert draw_version(alias, share) == ("2" if share < weight else "1")
